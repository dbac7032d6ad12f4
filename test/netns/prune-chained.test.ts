// prune of a network whose cables are another plugin's and that has nothing of ours but its ingressPolicy: no element tells
// who lives.
import { rmSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { chain } from '../helpers/chain.ts'
import { json, said } from '../helpers/cli.ts'
import type { Container } from '../helpers/host.ts'
import { pings } from '../helpers/packets.ts'
import { executable, referenceDir } from '../helpers/plugins.ts'
import {
  given,
  requireBuild,
  requireFile,
  requireKernel,
  requireRoot,
  requireTool,
} from '../helpers/requirements.ts'
import { scenes, succeeded } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireFile(`${referenceDir}/bridge`),
  requireKernel('bridge'),
)

/** Debian's bridge, then only who may talk to whom. */
const linksOf = (n: number, directory: string) => {
  const common = { cniVersion: '1.0.0', name: `net${n}` }
  const ipam = { type: 'host-local', dataDir: `${directory}/leases`, subnet: `10.${n}.0.0/24` }
  const bridge = { ...common, type: 'bridge', bridge: `vwtbr${n}`, isDefaultGateway: true, ipam }
  const policy = { ...common, type: 'vethwork', mode: 'chained', ingressPolicy: 'same-bridge' }
  return [
    { config: bridge, binary: `${referenceDir}/bridge` },
    { config: policy, binary: executable },
  ]
}

/** One container on each of two networks that keep each other out; and one more on the first. */
const prepared = async () => {
  const { host } = await open()
  const containers = (await host.containers(3)) as [Container, Container, Container]
  const lists = [1, 2, 1].map(n => chain(host, linksOf(n, host.directory)))
  const attached = []
  for (const [index, container] of containers.entries()) {
    const list = lists[index]!
    succeeded(await list.add(container))
    attached.push({
      container,
      list,
      ip: (list.result as { ips: { address: string }[] }).ips[0]!.address.split('/')[0]!,
    })
  }
  const [one, two, third] = attached as [Attached, Attached, Attached]
  const expectApart = async () => {
    expect([await pings(one.container, third.ip), await pings(one.container, two.ip, 1)]).toEqual([
      true,
      false,
    ])
    expect(await pings(two.container, one.ip, 1)).toBe(false)
  }
  await expectApart()
  const inUse = async () => (await json(host, 'prune')).pruned.map((one: { inUse: boolean }) => one.inUse)
  const rules = () => host.ok('nft', ['list', 'ruleset'])
  return { host, one, two, third, expectApart, inUse, rules }
}

interface Attached {
  readonly container: Container
  readonly list: ReturnType<typeof chain>
  readonly ip: string
}

ready('prune of chained networks that have an ingressPolicy and nothing else', () => {
  test('leaves the living apart', async () => {
    const { one, inUse, rules, expectApart } = await prepared()
    const before = await rules()
    expect(await inUse()).toEqual([true, true])
    expect(await rules()).toBe(before)
    await expectApart()
    succeeded(await one.list.check(one.container))
  }, 60_000)

  test('leaves the living apart when nobody remembers them', async () => {
    const { host, inUse, rules, expectApart } = await prepared()
    rmSync(host.stateDir, { recursive: true })
    const before = await rules()
    expect(await inUse()).toEqual([true, true])
    expect(await rules()).toBe(before)
    await expectApart()
  }, 60_000)

  for (const [title, forget] of [
    ['remembered', false],
    ['forgotten', true],
  ] as const)
    test(`takes away what the dead had, ${title}, and of one network only`, async () => {
      const { host, one, two, third, rules } = await prepared()
      await host.remove(two.container)
      if (forget) rmSync(host.stateDir, { recursive: true })
      expect(await said(host, 'prune')).toMatch(/net1.*in use/)
      expect(await rules()).not.toContain('net2')
      expect(await rules()).toContain('net1')
      expect(await pings(one.container, third.ip)).toBe(true)
      for (const { container } of [one, third]) await host.remove(container)
      await said(host, 'prune')
      expect(await rules()).toBe('')
    }, 60_000)

  test('takes away what is left after DEL', async () => {
    const { host, one, two, third, rules } = await prepared()
    for (const { container, list } of [one, two, third]) succeeded(await list.del(container))
    expect(await rules()).toContain('net1')
    await said(host, 'prune')
    expect(await rules()).toBe('')
  }, 60_000)
})
