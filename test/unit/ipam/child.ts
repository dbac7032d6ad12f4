/** What other processes do in the tests of locks and leases; run by Bun, see bun.ts. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { CniError } from '../../../cni/errors.ts'
import { openLeases } from '../../../ipam/leases.ts'
import { withLock } from '../../../ipam/lock.ts'
import { parseRanges } from '../../../ipam/range.ts'

const [task, path = '', count = '0', name = ''] = process.argv.slice(2)
const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

const tasks: Record<string, () => Promise<unknown>> = {
  hold: () =>
    withLock(path, () => {
      console.log('held')
      return sleep(60_000)
    }),

  /** Reads, waits, writes: loses counts unless nobody else is inside. */
  count: async () => {
    for (let i = 0; i < Number(count); i++)
      await withLock(path, async () => {
        const before = Number(readTextOr(`${path}.txt`, '0'))
        if (i % 5 === 0) await sleep(1)
        writeFileSync(`${path}.txt`, String(before + 1))
      })
  },

  timeout: () =>
    withLock(path, async () => {
      Bun.spawn(['sleep', '1']) // were it to inherit the lock, the next would wait for it
      await withLock(path, () => {}, { timeoutMs: 20 }).catch(({ code, message }: CniError) =>
        console.log(JSON.stringify({ code, message })),
      )
    }).then(() => withLock(path, () => {}, { timeoutMs: 50 })),

  /** Prints each address as it leases it, and gives every second one back. */
  storm: async () => {
    const leases = openLeases({ dataDir: path, network: 'storm', hostLocalDir: '/nonexistent' })
    const sets = parseRanges([[{ subnet: '10.1.0.0/22' }], [{ subnet: '2001:db8::/64' }]])
    for (let i = 0; i < Number(count); i++) {
      const owner = { network: 'storm', containerId: `${name}-${i}`, ifname: 'eth0' }
      const addresses = await leases.acquire(owner, sets)
      console.log(`+ ${owner.containerId} ${addresses.map(one => one.address).join(' ')}`)
      if (i % 2 === 0) continue
      console.log(`- ${owner.containerId}`)
      await leases.release(owner)
    }
  },
}

const readTextOr = (file: string, otherwise: string) => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return otherwise
  }
}

await tasks[task ?? '']!()
process.exit(0)
