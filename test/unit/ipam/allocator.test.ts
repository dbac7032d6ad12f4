import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { codes } from '../../../cni/errors.ts'
import { parseAddress } from '../../../ipam/address.ts'
import { exhausted, freeAddresses, matchRequested, type View } from '../../../ipam/allocator.ts'
import type { RangeConf } from '../../../ipam/lease.ts'
import { parseRanges } from '../../../ipam/range.ts'

const setOf = (...confs: RangeConf[]) => parseRanges([confs])[0]!

/** Everything is leased in these blocks, by offset; `opened` tells which were looked into. */
const viewOf = (leased: Record<string, number[]>) => {
  const opened = new Set<string>()
  const view: View = {
    atLeast: block => leased[block]?.length ?? 0,
    isLeased: (block, offset) => {
      opened.add(block)
      return leased[block]?.includes(offset) ?? false
    },
  }
  return { view, opened }
}
const all = Array.from({ length: 256 }, (_, offset) => offset)
const texts = (...args: Parameters<typeof freeAddresses>) =>
  [...freeAddresses(...args)].map(({ text }) => text)

describe('freeAddresses', () => {
  const small = setOf({ subnet: '10.1.2.0/29' })

  it('starts with the first and leaves out the gateway', () => {
    expect(texts(small, [], viewOf({}).view)).toEqual([
      '10.1.2.2',
      '10.1.2.3',
      '10.1.2.4',
      '10.1.2.5',
      '10.1.2.6',
    ])
  })

  it('goes on after the last leased, and around to it', () => {
    expect(texts(small, [parseAddress('10.1.2.4')], viewOf({ '10.1.2.0': [5] }).view)).toEqual([
      '10.1.2.6',
      '10.1.2.2',
      '10.1.2.3',
      '10.1.2.4',
    ])
  })

  it('goes on in the next range of the set', () => {
    const set = setOf(
      { subnet: '10.1.2.0/24', rangeStart: '10.1.2.8', rangeEnd: '10.1.2.9' },
      { subnet: '10.9.0.0/16', rangeStart: '10.9.0.255', rangeEnd: '10.9.1.0' },
    )
    expect(texts(set, [parseAddress('10.9.0.255')], viewOf({}).view)).toEqual([
      '10.9.1.0',
      '10.1.2.8',
      '10.1.2.9',
      '10.9.0.255',
    ])
  })

  it('begins anew where the last leased is of no range any more', () => {
    expect(texts(small, [parseAddress('10.7.7.7')], viewOf({}).view)[0]).toBe('10.1.2.2')
  })

  it('finds the only free address of a full /16 in the few blocks that may have room', () => {
    const leased = Object.fromEntries(all.map(third => [`10.1.${third}.0`, all]))
    leased['10.1.200.0'] = all.filter(offset => offset !== 77)
    const { view, opened } = viewOf(leased)
    expect(texts(setOf({ subnet: '10.1.0.0/16' }), [parseAddress('10.1.3.3')], view)).toEqual(['10.1.200.77'])
    expect(opened.size).toBe(1)
  })

  it('finds an address at once where there are 2^64', () => {
    const { view, opened } = viewOf({ '2001:db8::': all.slice(1), '2001:db8::100': all })
    const [first] = freeAddresses(setOf({ subnet: '2001:db8::/64' }), [], view)
    expect(first!.text).toBe('2001:db8::200')
    expect(opened.size).toBe(1)
  })

  it('yields each free address once and no other, wherever it starts', () => {
    const range = (third: number) => ({
      subnet: `10.1.${third}.0/24`,
      rangeEnd: `10.1.${third}.20`,
      gateway: `10.1.${third}.9`,
    })
    const set = setOf(range(1), range(2))
    const offsets = fc.uniqueArray(fc.integer({ min: 0, max: 25 }))
    const cursor = fc.tuple(fc.constantFrom(1, 2), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(offsets, offsets, cursor, (one, two, [third, last]) => {
        const leased: Record<string, number[]> = { '10.1.1.0': one, '10.1.2.0': two }
        const free = [1, 2].flatMap(at =>
          all
            .filter(
              offset =>
                offset >= 1 && offset <= 20 && offset !== 9 && !leased[`10.1.${at}.0`]!.includes(offset),
            )
            .map(offset => `10.1.${at}.${offset}`),
        )
        const found = texts(set, [parseAddress(`10.1.${third}.${last}`)], viewOf(leased).view)
        expect(found.toSorted()).toEqual(free.toSorted())
      }),
    )
  })
})

describe('matchRequested', () => {
  const sets = parseRanges([
    [{ subnet: '10.1.2.0/24', rangeEnd: '10.1.2.99' }, { subnet: '10.1.3.0/24' }],
    [{ subnet: '2001:db8::/64' }],
  ])

  it.each<[string[], (string | undefined)[]]>([
    [[], [undefined, undefined]],
    [['10.1.3.7'], ['10.1.3.7', undefined]],
    [
      ['2001:DB8::7/64', '10.1.2.7/24'],
      ['10.1.2.7', '2001:db8::7'],
    ],
    [['10.1.2.7/16'], ['10.1.2.7', undefined]],
    [
      ['10.1.2.7', '10.1.2.7/24'],
      ['10.1.2.7', undefined],
    ],
  ])('gives %j to the sets as %j', (ips, matched) => {
    expect(matchRequested(sets, ips).map(address => address?.text)).toEqual(matched)
  })

  it.each([
    [
      ['10.9.9.9'],
      'requested address 10.9.9.9 is in none of the ranges 10.1.2.1-10.1.2.99, 10.1.3.1-10.1.3.254, 2001:db8::1-',
    ],
    [['10.1.2.100'], 'is in none of the ranges'],
    [['10.1.2.0'], 'is in none of the ranges'],
    [['10.1.2.1'], 'requested address 10.1.2.1 is the gateway'],
    [['2001:db8::1/64'], 'requested address 2001:db8::1 is the gateway'],
    [['10.1.2.7', '10.1.3.7'], 'requested addresses 10.1.2.7 and 10.1.3.7 are of the same set'],
    [['10.1.2'], 'requested address "10.1.2" is not an IP address'],
    [['10.1.2.7/33'], 'has no prefix length from 0 to 32'],
    [['::ffff:10.1.2.7'], 'mixes IPv4 and IPv6'],
  ])('refuses %j: %s', (ips, message) => {
    expect(() => matchRequested(sets, ips)).toThrow(message)
    expect(() => matchRequested(sets, ips)).toThrow(expect.objectContaining({ code: codes.badConfig }))
  })
})

it('exhaustion names the ranges and how many are in use', () => {
  const set = setOf({ subnet: '10.1.2.0/29' }, { subnet: '10.1.3.0/29' })
  expect(exhausted(set, 10n)).toMatchObject({
    code: codes.poolExhausted,
    message: 'no address is free in 10.1.2.1-10.1.2.6, 10.1.3.1-10.1.3.6: 10 of 10 are leased',
    details: expect.stringContaining('widen ipam.ranges'),
  })
  expect(exhausted(set, 9n).message).toContain('9 of 10 are leased, and this host uses the others')
})
