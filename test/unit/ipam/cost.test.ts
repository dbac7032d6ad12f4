import { expect, it } from '@jest/globals'
import { parseRanges } from '../../../ipam/range.ts'
import { Memory } from './memory.ts'
import { inMemory, ownerOf } from './store.ts'

const sets = parseRanges([[{ subnet: '10.1.0.0/16' }]])

/** A /16 with the leases of these offsets, written as the store writes them. */
const filled = async (isLeased: (offset: number) => boolean) => {
  const blocks = new Map<string, Record<string, object>>()
  const owners = new Map<string, string[]>()
  const record = { ifname: 'eth0', netns: null, netnsInode: null, since: '2026-01-01T00:00:00.000Z' }
  for (let offset = 2; offset < 65535; offset++) {
    if (!isLeased(offset)) continue
    const block = `10.1.${offset >> 8}.0`
    if (!blocks.has(block)) blocks.set(block, {})
    blocks.get(block)![offset & 255] = { containerId: `c${offset}`, ...record }
    owners.set(`c${offset}/eth0`, [`10.1.${offset >> 8}.${offset & 255}`])
  }
  const memory = new Memory()
  const bootId = 'boot-1'
  for (const [name, leases] of blocks)
    memory.files.set(`blocks/${name}.json`, JSON.stringify({ bootId, leases }))
  const used = Object.fromEntries([...blocks].map(([name, leases]) => [name, Object.keys(leases).length]))
  const pool = { bootId, cursors: ['10.1.3.3'], used, imported: '/nonexistent/net', reclaimed: '' }
  memory.files.set('pool.json', JSON.stringify(pool))
  // All owners in each of their files: which is whose does not matter to what is counted here.
  const shard = JSON.stringify({ bootId, owners: blocks.size > 0 ? { 'c2/eth0': ['10.1.0.2'] } : {} })
  for (let i = 0; i < 256; i++) memory.files.set(`owners/${i.toString(16).padStart(2, '0')}.json`, shard)
  return memory
}

const cost = async (memory: Memory, work: (leases: ReturnType<typeof inMemory>) => Promise<unknown>) => {
  memory.reads = 0
  memory.writes = 0
  await work(inMemory(memory))
  return { reads: memory.reads, writes: memory.writes }
}

it.each<[string, (offset: number) => boolean]>([
  ['60,000 leases in a row', offset => offset < 60_002],
  ['60,000 leases all over', offset => offset % 11 !== 0],
  ['all but one address', offset => offset !== 51_234],
])('with %s, a lease costs as many files as in an empty /16', async (_, isLeased) => {
  const full = await filled(isLeased)
  const empty = await filled(() => false)
  const acquire = (leases: ReturnType<typeof inMemory>) => leases.acquire(ownerOf('new'), sets)
  const release = (leases: ReturnType<typeof inMemory>) => leases.release(ownerOf('new'))
  const [inFull, inEmpty] = [await cost(full, acquire), await cost(empty, acquire)]
  expect(inFull.writes).toBe(inEmpty.writes)
  expect(inFull.reads).toBeLessThanOrEqual(inEmpty.reads + 1) // the block, which is new in the empty one
  const [outOfFull, outOfEmpty] = [await cost(full, release), await cost(empty, release)]
  expect(outOfFull).toEqual(outOfEmpty)
})

it('a full /16 is known to be full from its counts and the two blocks at its ends', async () => {
  const full = await filled(() => true)
  const { reads, writes } = await cost(full, leases => leases.acquire(ownerOf('new'), sets).catch(() => {}))
  expect({ reads, writes }).toEqual({ reads: 4, writes: 0 })
})
