import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type CniError, codes } from '../../../cni/errors.ts'
import type { RangeConf } from '../../../ipam/lease.ts'
import { parseRanges } from '../../../ipam/range.ts'
import { Killed, Memory } from './memory.ts'
import { inMemory, ownerOf } from './store.ts'

type Step = { do: 'acquire' | 'release' | 'tear'; who: number } | { do: 'reboot' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('acquire' as const), who: fc.nat(20) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('release' as const), who: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('tear' as const), who: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reboot' as const) }) },
)

// Ten addresses in two ranges over three blocks, and their v6 twins.
const confs: RangeConf[][] = [
  [
    { subnet: '10.1.0.0/16', rangeStart: '10.1.0.253', rangeEnd: '10.1.1.1' },
    { subnet: '10.2.0.0/28', rangeEnd: '10.2.0.6' },
  ],
  [{ subnet: '2001:db8::/64', rangeStart: '2001:db8::fd', rangeEnd: '2001:db8::106' }],
]
const sets = parseRanges(confs)
const size = 10

describe('whatever happens', () => {
  it('no address is leased twice, none is lost, all can be leased, and released ones rest', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
        const memory = new Memory()
        const expected = new Map<string, string[]>()
        const handedOut: string[] = []
        let boot = 1
        // With several files torn, only the kernel knows.
        const rebuild = async () =>
          [...expected].map(([id, addresses]) => ({ owner: ownerOf(id), addresses }))
        const open = () => inMemory(memory, { bootId: `boot-${boot}`, evidence: { rebuild } })
        for (const one of steps) {
          const leases = open()
          if (one.do === 'reboot') {
            boot++
            expected.clear()
          } else if (one.do === 'tear') {
            const names = [...memory.files.keys()]
            if (names.length > 0) memory.tear(names[one.who % names.length]!)
            handedOut.length = 0 // where the pool was at is forgotten with pool.json
          } else if (one.do === 'release') {
            const owner = ownerOf(`c${one.who}`)
            // What was written anew by what the kernel shows has another order.
            const released = await leases.release(owner)
            expect(released.toSorted()).toEqual((expected.get(owner.containerId) ?? []).toSorted())
            expected.delete(owner.containerId)
          } else {
            const owner = ownerOf(`c${one.who}`)
            const before = [...expected.values()].flat()
            const [v4, v6] = await leases.acquire(owner, sets).catch((failure: CniError) => {
              const code = expected.has(owner.containerId) ? codes.badEnvironment : codes.poolExhausted
              expect(failure.code).toBe(code)
              if (code === codes.poolExhausted) expect(expected.size).toBe(size)
              return []
            })
            if (!v4 || !v6) continue
            const addresses = [v4, v6].map(({ address }) => address.split('/')[0]!)
            expect(before).not.toEqual(expect.arrayContaining([addresses[0]]))
            expect(before).not.toEqual(expect.arrayContaining([addresses[1]]))
            // Between two leases of one address every other address was leased, or was so all the time.
            const since = handedOut.slice(handedOut.lastIndexOf(addresses[0]!) + 1)
            if (handedOut.includes(addresses[0]!))
              expect(
                new Set([...since, ...before.filter(other => !other.includes(':'))]).size,
              ).toBeGreaterThanOrEqual(size - 1)
            handedOut.push(addresses[0]!)
            expected.set(owner.containerId, addresses)
          }
        }
        const leases = open()
        const listed = (await leases.list()).map(({ owner, addresses }) => [
          owner.containerId,
          addresses.toSorted(),
        ])
        expect(new Map(listed as [string, string[]][])).toEqual(
          new Map([...expected].map(([owner, addresses]) => [owner, addresses.toSorted()])),
        )
        const used = (await leases.status(sets)).map(one => one.used)
        expect(used[0]! + used[1]!).toBe(BigInt(expected.size))
        for (let i = expected.size; i < size; i++) await leases.acquire(ownerOf(`rest${i}`), sets)
        await expect(leases.acquire(ownerOf('toomuch'), sets)).rejects.toMatchObject({
          code: codes.poolExhausted,
        })
      }),
      { numRuns: 150 },
    )
  })
})

/** Runs `work` with the disk failing at its first, second … change, until it needs no more of them. */
const atEveryChange = async (
  transient: boolean,
  work: (leases: ReturnType<typeof inMemory>) => Promise<unknown>,
  afterwards: (memory: Memory, leases: ReturnType<typeof inMemory>) => Promise<void>,
) => {
  for (let after = 0; ; after++) {
    const memory = new Memory()
    const leases = inMemory(memory)
    for (const who of ['c0', 'c1', 'c2']) await leases.acquire(ownerOf(who), sets)
    memory.dieAfter(after, { transient })
    const failure = await work(leases).then(
      () => undefined,
      (one: unknown) => one,
    )
    memory.revive()
    if (failure !== undefined) expect(failure).toBeInstanceOf(Killed)
    await afterwards(memory, inMemory(memory))
    if (failure === undefined) return after
  }
}

const nothingIsDoubleAndAllCanBeReleased = async (_: Memory, leases: ReturnType<typeof inMemory>) => {
  const owners = ['c0', 'c1', 'c2', 'new']
  // Before anything is mended by a verb for the owner: others must not get what it may have.
  const other = await leases.acquire(ownerOf('other'), sets)
  const all = (await leases.list()).flatMap(({ addresses }) => addresses)
  expect(new Set(all).size).toBe(all.length)
  for (const who of ['c0', 'c2']) expect((await leases.find(ownerOf(who)))?.addresses).toHaveLength(2)
  for (const who of [...owners, 'other']) await leases.release(ownerOf(who))
  expect(other).toHaveLength(2)
  expect(await leases.list()).toEqual([])
  for (let i = 0; i < size; i++) await leases.acquire(ownerOf(`again${i}`), sets)
  expect(await leases.list()).toHaveLength(size)
}

describe('killed at any change of a file', () => {
  it('while leasing', async () => {
    const changes = await atEveryChange(
      false,
      leases => leases.acquire(ownerOf('new'), sets),
      nothingIsDoubleAndAllCanBeReleased,
    )
    expect(changes).toBe(4) // owner, two blocks, pool
  })

  it('while releasing', async () => {
    const changes = await atEveryChange(
      false,
      leases => leases.release(ownerOf('c1')),
      nothingIsDoubleAndAllCanBeReleased,
    )
    expect(changes).toBe(4)
  })

  it('while reclaiming', async () => {
    const isGone = ({ owner }: { owner: { containerId: string } }) => owner.containerId === 'c1'
    await atEveryChange(false, leases => leases.reclaim(isGone), nothingIsDoubleAndAllCanBeReleased)
  })

  it('while mending a damaged block', async () => {
    const work = (leases: ReturnType<typeof inMemory>) => leases.list()
    for (let after = 0; after < 6; after++) {
      const memory = new Memory()
      for (const who of ['c0', 'c1', 'c2']) await inMemory(memory).acquire(ownerOf(who), sets)
      memory.tear('blocks/10.1.0.0.json')
      memory.dieAfter(after)
      await work(inMemory(memory)).catch(() => {})
      memory.revive()
      await nothingIsDoubleAndAllCanBeReleased(memory, inMemory(memory))
    }
  })

  it('while starting anew after a boot', async () => {
    for (let after = 0; after < 8; after++) {
      const memory = new Memory()
      for (const who of ['c0', 'c1', 'c2']) await inMemory(memory).acquire(ownerOf(who), sets)
      memory.dieAfter(after)
      await inMemory(memory, { bootId: 'boot-2' })
        .acquire(ownerOf('new'), sets)
        .catch(() => {})
      memory.revive()
      const leases = inMemory(memory, { bootId: 'boot-2' })
      for (let i = 1; i < size; i++) await leases.acquire(ownerOf(`c${i}`), sets)
      const all = (await leases.list()).flatMap(({ addresses }) => addresses)
      expect(new Set(all).size).toBe(all.length)
    }
  })
})

it('a write that fails while leasing leaves no lease behind', async () => {
  await atEveryChange(
    true,
    leases => leases.acquire(ownerOf('new'), sets),
    async (memory, leases) => {
      const lease = await leases.find(ownerOf('new'))
      expect(lease === undefined || lease.addresses.length === 2).toBe(true)
      await nothingIsDoubleAndAllCanBeReleased(memory, leases)
    },
  )
})
