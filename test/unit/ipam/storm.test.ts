import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { openLeases } from '../../../ipam/leases.ts'
import { parseRanges } from '../../../ipam/range.ts'
import { bun } from './bun.ts'
import { scratch } from './scratch.ts'

const root = scratch()
const sets = parseRanges([[{ subnet: '10.1.0.0/22' }], [{ subnet: '2001:db8::/64' }]])
const storeIn = (dataDir: string) => openLeases({ dataDir, network: 'storm', hostLocalDir: '/nonexistent' })

/** "+ owner address address" and "- owner" lines → what should be leased. */
const expectedOf = (outputs: string[]) => {
  const held = new Map<string, string[]>()
  for (const line of outputs.flatMap(output => output.trim().split('\n'))) {
    const [sign, owner, ...addresses] = line.split(' ')
    if (sign === '+')
      held.set(
        owner!,
        addresses.map(address => address.split('/')[0]!),
      )
    else held.delete(owner!)
  }
  return held
}

it('twelve processes at once: no address twice, none lost', async () => {
  const processes = Array.from({ length: 12 }, (_, i) => bun(['storm', root, '30', `p${i}`]))
  expect(await Promise.all(processes.map(one => one.ended))).toEqual(Array(12).fill(0))
  const expected = expectedOf(processes.map(one => one.output()))
  const leases = storeIn(root)
  const listed = (await leases.list()).map(({ owner, addresses }) => [owner.containerId, addresses] as const)
  expect(new Map(listed)).toEqual(expected)
  expect(new Set([...expected.values()].flat()).size).toBe(12 * 15 * 2)
  expect((await leases.status(sets)).map(({ used }) => used)).toEqual([180n, 180n])
}, 30_000)

it('processes killed in the midst of it: no address twice, and everything can be released', async () => {
  const dataDir = join(root, 'killed')
  const processes = Array.from({ length: 12 }, (_, i) => bun(['storm', dataDir, '2000', `p${i}`]))
  await Promise.all(processes.map(one => one.said('+ ')))
  for (const one of processes) {
    one.kill()
    await new Promise(resolve => setTimeout(resolve, 7))
  }
  await Promise.all(processes.map(one => one.ended))
  const leases = storeIn(dataDir)
  const all = await leases.list()
  const addresses = all.flatMap(lease => lease.addresses)
  expect(new Set(addresses).size).toBe(addresses.length)
  const found = new Map(all.map(lease => [lease.owner.containerId, lease.addresses]))
  // What was said to be leased is; the last line may be of a release that was not begun, or of one that was done.
  const last = processes.map(one => one.output().trim().split('\n').at(-1)!.split(' ')[1])
  for (const [owner, held] of expectedOf(processes.map(one => one.output())))
    if (!last.includes(owner)) expect(found.get(owner)).toEqual(held)
  for (const { owner } of all) await leases.release(owner)
  expect(await leases.list()).toEqual([])
  expect(readdirSync(join(dataDir, 'storm/blocks')).filter(name => name.endsWith('.json'))).toEqual([])
}, 30_000)
