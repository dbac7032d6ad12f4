import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { codes } from '../../../cni/errors.ts'
import type { HeldLease } from '../../../ipam/evidence.ts'
import type { Owner } from '../../../ipam/lease.ts'
import { openLeases } from '../../../ipam/leases.ts'
import { parseRanges } from '../../../ipam/range.ts'
import { Memory } from './memory.ts'
import { scratch } from './scratch.ts'
import { inMemory, ownerOf } from './store.ts'

const root = scratch()
const dual = parseRanges([[{ subnet: '10.1.2.0/24' }], [{ subnet: '2001:db8::/64' }]])
const tiny = parseRanges([[{ subnet: '10.1.2.0/29' }]]) // .2 to .6
const bare = (leased: readonly { address: string }[]) => leased.map(({ address }) => address)

describe('acquire', () => {
  it('leases one address from each set, in order', async () => {
    const leases = inMemory(new Memory())
    const netns = { path: '/run/netns/x', inode: 4026532000 }
    const now = new Date('2026-01-02T03:04:05Z')
    expect(await leases.acquire(ownerOf('c1'), dual, { netns, now })).toEqual([
      { address: '10.1.2.2/24', gateway: '10.1.2.1' },
      { address: '2001:db8::2/64', gateway: '2001:db8::1' },
    ])
    expect(await leases.list()).toEqual([
      {
        owner: ownerOf('c1'),
        addresses: ['10.1.2.2', '2001:db8::2'],
        record: {
          containerId: 'c1',
          ifname: 'eth0',
          bootId: 'boot-1',
          netns: '/run/netns/x',
          netnsInode: 4026532000,
          since: '2026-01-02T03:04:05.000Z',
        },
      },
    ])
  })

  it('refuses a second lease for the same interface, not for another', async () => {
    const leases = inMemory(new Memory())
    await leases.acquire(ownerOf('c1'), dual)
    await expect(leases.acquire(ownerOf('c1'), dual)).rejects.toMatchObject({
      code: codes.badEnvironment,
      message: 'container c1 already has 10.1.2.2 for eth0 in network net',
    })
    expect(bare(await leases.acquire(ownerOf('c1', 'eth1'), dual))).toEqual(['10.1.2.3/24', '2001:db8::3/64'])
  })

  it('lets a released address rest until the pool has wrapped', async () => {
    const leases = inMemory(new Memory())
    const seen: string[] = []
    for (let i = 0; i < 7; i++) {
      seen.push(...bare(await leases.acquire(ownerOf(`c${i}`), tiny)))
      await leases.release(ownerOf(`c${i}`))
    }
    expect(seen.map(address => address.slice(7, 8)).join('')).toBe('2345623')
  })

  it('gives the address asked for, unless somebody has it', async () => {
    const leases = inMemory(new Memory())
    const ips = ['10.1.2.77/24']
    expect(bare(await leases.acquire(ownerOf('c1'), dual, { ips }))).toEqual([
      '10.1.2.77/24',
      '2001:db8::2/64',
    ])
    await expect(leases.acquire(ownerOf('c2'), dual, { ips })).rejects.toMatchObject({
      code: codes.addressTaken,
      message: 'cannot lease 10.1.2.77: container c1, interface eth0, has it',
    })
    expect(await leases.find(ownerOf('c2'))).toBeUndefined()
    await expect(leases.acquire(ownerOf('c2'), dual, { ips: ['10.9.9.9'] })).rejects.toMatchObject({
      code: codes.badConfig,
    })
  })

  it('gives the address asked for when its holder’s namespace is gone', async () => {
    const leases = inMemory(new Memory(), { evidence: { isGone: ({ owner }) => owner.containerId === 'c1' } })
    await leases.acquire(ownerOf('c1'), dual, { ips: ['10.1.2.7'] })
    expect(bare(await leases.acquire(ownerOf('c2'), dual, { ips: ['10.1.2.7'] }))[0]).toBe('10.1.2.7/24')
    expect(await leases.find(ownerOf('c1'))).toBeUndefined()
  })

  it('passes by what the kernel says is in use, and refuses it when asked for', async () => {
    const taken = (address: string) => address === '10.1.2.2' || address === '10.1.2.3'
    const leases = inMemory(new Memory(), { evidence: { taken } })
    expect(bare(await leases.acquire(ownerOf('c1'), tiny))).toEqual(['10.1.2.4/29'])
    await expect(leases.acquire(ownerOf('c2'), tiny, { ips: ['10.1.2.3'] })).rejects.toMatchObject({
      code: codes.addressTaken,
      message: 'cannot lease 10.1.2.3: it is in use on this host',
    })
  })

  it('takes nothing from any set when one of them is exhausted', async () => {
    const leases = inMemory(new Memory())
    const sets = parseRanges([[{ subnet: '2001:db8::/64' }], [{ subnet: '10.1.2.0/29' }]])
    for (let i = 0; i < 5; i++) await leases.acquire(ownerOf(`c${i}`), sets)
    await expect(leases.acquire(ownerOf('c5'), sets)).rejects.toMatchObject({
      code: codes.poolExhausted,
      message: 'no address is free in 10.1.2.1-10.1.2.6: 5 of 5 are leased',
    })
    expect((await leases.status(sets)).map(({ used }) => used)).toEqual([5n, 5n])
    await leases.release(ownerOf('c2'))
    expect(bare(await leases.acquire(ownerOf('c5'), sets))).toEqual(['2001:db8::7/64', '10.1.2.4/29'])
  })

  it('goes on when the ranges have changed', async () => {
    const memory = new Memory()
    const leases = inMemory(memory)
    await leases.acquire(ownerOf('c1'), tiny)
    const wider = parseRanges([[{ subnet: '10.1.0.0/16', rangeStart: '10.1.2.1', rangeEnd: '10.1.2.4' }]])
    expect(bare(await leases.acquire(ownerOf('c2'), wider))).toEqual(['10.1.2.3/16'])
    const elsewhere = parseRanges([[{ subnet: '10.7.0.0/16' }]])
    expect(bare(await leases.acquire(ownerOf('c3'), elsewhere))).toEqual(['10.7.0.2/16'])
    expect(await leases.release(ownerOf('c1'))).toEqual(['10.1.2.2'])
  })
})

describe('release', () => {
  it('is idempotent, and knows owners apart', async () => {
    const leases = inMemory(new Memory())
    await leases.acquire(ownerOf('c1'), dual)
    await leases.acquire(ownerOf('c1', 'eth1'), dual)
    expect(await leases.release(ownerOf('c1'))).toEqual(['10.1.2.2', '2001:db8::2'])
    expect(await leases.release(ownerOf('c1'))).toEqual([])
    expect(await leases.release(ownerOf('c'))).toEqual([])
    expect((await leases.list()).map(({ owner }) => owner)).toEqual([ownerOf('c1', 'eth1')])
  })

  it('makes no state where there is none', async () => {
    const leases = openLeases({ dataDir: join(root, 'unused'), network: 'net', hostLocalDir: '/nonexistent' })
    expect(await leases.release(ownerOf('c1'))).toEqual([])
    expect(await leases.find(ownerOf('c1'))).toBeUndefined()
    expect(await leases.status(tiny)).toEqual([{ range: '10.1.2.1-10.1.2.6', size: 5n, used: 0n }])
    expect(readdirSync(root)).not.toContain('unused')
  })
})

describe('another boot', () => {
  it('frees all leases, but lets their addresses rest', async () => {
    const memory = new Memory()
    for (let i = 0; i < 3; i++) await inMemory(memory).acquire(ownerOf(`c${i}`), tiny)
    const leases = inMemory(memory, { bootId: 'boot-2' })
    expect(await leases.list()).toEqual([])
    expect(await leases.find(ownerOf('c1'))).toBeUndefined()
    expect(bare(await leases.acquire(ownerOf('c1'), tiny))).toEqual(['10.1.2.5/29'])
    for (let i = 2; i < 6; i++) await leases.acquire(ownerOf(`c${i}`), tiny)
    expect(await leases.list()).toHaveLength(5)
  })

  it('frees all leases also when pool.json is lost with it', async () => {
    const memory = new Memory()
    for (let i = 0; i < 5; i++) await inMemory(memory).acquire(ownerOf(`c${i}`), tiny)
    memory.tear('pool.json')
    const leases = inMemory(memory, { bootId: 'boot-2' })
    expect(await leases.list()).toEqual([])
    for (let i = 0; i < 5; i++) await leases.acquire(ownerOf(`c${i}`), tiny)
    expect(await leases.list()).toHaveLength(5)
  })
})

describe('vanished namespaces', () => {
  const at = (seconds: number) => ({ now: new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)) })

  it('are reclaimed when nothing is free, and asked for once an owner', async () => {
    const asked: HeldLease[] = []
    const isGone = (lease: HeldLease) => asked.push(lease) > 0 && lease.owner.containerId < 'c2'
    const leases = inMemory(new Memory(), { evidence: { isGone } })
    for (let i = 0; i < 5; i++) await leases.acquire(ownerOf(`c${i}`), tiny, at(0))
    expect(asked).toEqual([])
    expect(bare(await leases.acquire(ownerOf('c5'), tiny, at(0)))).toEqual(['10.1.2.2/29'])
    expect(asked.map(({ owner }) => owner.containerId)).toEqual(['c0', 'c1', 'c2', 'c3', 'c4'])
    expect((await leases.list()).map(({ owner }) => owner.containerId)).toEqual(['c5', 'c2', 'c3', 'c4'])
  })

  it('are looked for when few addresses are free, not more often than every ten seconds', async () => {
    let looks = 0
    const isGone = ({ owner }: HeldLease) => {
      if (owner.containerId === 'c0') looks++
      return false
    }
    const leases = inMemory(new Memory(), { evidence: { isGone } })
    const sets = parseRanges([[{ subnet: '10.1.2.0/24' }]])
    for (let i = 0; i < 253; i++) {
      await leases.acquire(ownerOf(`c${i}`), sets, at(i < 240 ? 0 : i - 230))
      expect(looks).toBe(i < 229 ? 0 : i < 241 ? 1 : i < 252 ? 2 : 3)
    }
  })

  it('leave the error as it is when none is found', async () => {
    const leases = inMemory(new Memory(), { evidence: { isGone: async () => false } })
    for (let i = 0; i < 5; i++) await leases.acquire(ownerOf(`c${i}`), tiny)
    await expect(leases.acquire(ownerOf('c5'), tiny)).rejects.toMatchObject({ code: codes.poolExhausted })
  })

  it('reclaim() releases what its caller says, and tells what', async () => {
    const leases = inMemory(new Memory())
    for (let i = 0; i < 3; i++) await leases.acquire(ownerOf(`c${i}`), dual)
    const gone = await leases.reclaim(({ owner }) => owner.containerId !== 'c1')
    expect(gone.map(({ addresses }) => addresses)).toEqual([
      ['10.1.2.2', '2001:db8::2'],
      ['10.1.2.4', '2001:db8::4'],
    ])
    expect((await leases.list()).map(({ owner }) => owner.containerId)).toEqual(['c1'])
  })
})

describe('damaged state, on disk', () => {
  let count = 0
  const prepared = async (
    rebuild?: () => Promise<{ owner: ReturnType<typeof ownerOf>; addresses: string[] }[]>,
  ) => {
    const dataDir = join(root, `damage${++count}`)
    const leases = openLeases({
      dataDir,
      network: 'net',
      hostLocalDir: '/nonexistent',
      evidence: { rebuild },
    })
    for (let i = 0; i < 3; i++) await leases.acquire(ownerOf(`c${i}`), dual)
    return { leases, path: join(dataDir, 'net') }
  }
  const files = (path: string) =>
    (readdirSync(path, { recursive: true }) as string[]).filter(name => name.endsWith('.json'))

  it('any one file torn or deleted: nothing is lost, nothing leased twice', async () => {
    const { path: example } = await prepared()
    expect(files(example).length).toBeGreaterThan(4)
    for (const name of files(example))
      for (const damage of [(path: string) => writeFileSync(path, '{"crc32":"0'), rmSync]) {
        const { leases, path } = await prepared()
        damage(join(path, name))
        expect(
          bare(await leases.acquire(ownerOf('new'), dual)).every(
            address => !/[.:][234]\//.test(address) || name === 'pool.json',
          ),
        ).toBe(true)
        const all = await leases.list()
        expect(all).toHaveLength(4)
        expect(new Set(all.flatMap(({ addresses }) => addresses)).size).toBe(8)
        for (let i = 0; i < 3; i++)
          expect(await leases.release(ownerOf(`c${i}`))).toEqual([`10.1.2.${i + 2}`, `2001:db8::${i + 2}`])
      }
  })

  it('a torn block is kept aside, and rebuilt from the kernel’s marks where hints are gone', async () => {
    const marks: { owner: Owner; addresses: string[] }[] = []
    const { leases, path } = await prepared(async () => marks)
    marks.push(
      { owner: ownerOf('c0'), addresses: ['10.1.2.2', '2001:db8::2'] },
      { owner: ownerOf('c7'), addresses: ['10.1.2.9'] },
    )
    for (const name of files(path)) writeFileSync(join(path, name), 'torn')
    expect((await leases.list()).map(({ addresses }) => addresses)).toEqual([
      ['10.1.2.2', '2001:db8::2'],
      ['10.1.2.9'],
    ])
    expect(await leases.release(ownerOf('c7'))).toEqual(['10.1.2.9'])
    expect(readFileSync(join(path, 'blocks/10.1.2.0.json.torn'), 'utf8')).toBe('torn')
    expect(bare(await leases.acquire(ownerOf('c9'), dual))).toEqual(['10.1.2.3/24', '2001:db8::3/64'])
  })

  it('a store that was lost is made anew from the kernel’s marks', async () => {
    const marks: { owner: Owner; addresses: string[] }[] = []
    const { leases, path } = await prepared(async () => marks)
    marks.push({ owner: ownerOf('c0'), addresses: ['10.1.2.2', '2001:db8::2'] })
    rmSync(path, { recursive: true })
    expect(bare(await leases.acquire(ownerOf('c9'), dual))).toEqual(['10.1.2.3/24', '2001:db8::3/64'])
    expect(await leases.release(ownerOf('c0'))).toEqual(['10.1.2.2', '2001:db8::2'])
  })
})
