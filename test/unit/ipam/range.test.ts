import { describe, expect, it } from '@jest/globals'
import { CniError, codes } from '../../../cni/errors.ts'
import { parseAddress } from '../../../ipam/address.ts'
import type { RangeConf } from '../../../ipam/lease.ts'
import { asLeased, nameOf, parseRanges, sizeOf } from '../../../ipam/range.ts'

const described = (sets: RangeConf[][]) =>
  parseRanges(sets).map(set =>
    set.ranges.map(range => `${nameOf(range)} gw ${range.gateway.text} size ${sizeOf(range, set.gateways)}`),
  )

// The defaults were compared with the reference's host-local 1.1.1.
describe('parseRanges takes', () => {
  it.each<[string, RangeConf, string]>([
    ['a /24', { subnet: '10.1.2.0/24' }, '10.1.2.1-10.1.2.254 gw 10.1.2.1 size 253'],
    ['the smallest', { subnet: '10.1.2.0/30' }, '10.1.2.1-10.1.2.2 gw 10.1.2.1 size 1'],
    [
      'IPv6, where the last address is like others',
      { subnet: '2001:db8::/125' },
      '2001:db8::1-2001:db8::7 gw 2001:db8::1 size 6',
    ],
    ['the smallest of IPv6', { subnet: '2001:db8::/126' }, '2001:db8::1-2001:db8::3 gw 2001:db8::1 size 2'],
    [
      'a /64',
      { subnet: '2001:db8::/64' },
      `2001:db8::1-2001:db8::ffff:ffff:ffff:ffff gw 2001:db8::1 size ${2n ** 64n - 2n}`,
    ],
    [
      'start and end',
      { subnet: '10.1.2.0/24', rangeStart: '10.1.2.9', rangeEnd: '10.1.2.9' },
      '10.1.2.9-10.1.2.9 gw 10.1.2.1 size 1',
    ],
    [
      'a gateway in the middle',
      { subnet: '10.1.2.0/29', gateway: '10.1.2.4' },
      '10.1.2.1-10.1.2.6 gw 10.1.2.4 size 5',
    ],
    [
      'network and broadcast address as bounds, but hands them not out',
      { subnet: '10.1.2.0/24', rangeStart: '10.1.2.0', rangeEnd: '10.1.2.255' },
      '10.1.2.1-10.1.2.254 gw 10.1.2.1 size 253',
    ],
    [
      '.0 and .255 in the middle of a larger subnet',
      { subnet: '10.0.0.0/8', rangeStart: '10.1.2.0', rangeEnd: '10.1.2.255' },
      '10.1.2.0-10.1.2.255 gw 10.0.0.1 size 256',
    ],
  ])('%s', (_, conf, expected) => {
    expect(described([[conf]])).toEqual([[expected]])
  })

  it('several ranges of one subnet; no gateway of any is handed out', () => {
    const one = { subnet: '10.1.2.0/24', rangeStart: '10.1.2.2', rangeEnd: '10.1.2.9' }
    const other = {
      subnet: '10.1.2.0/24',
      rangeStart: '10.1.2.20',
      rangeEnd: '10.1.2.29',
      gateway: '10.1.2.5',
    }
    expect(described([[one, other]])).toEqual([
      ['10.1.2.2-10.1.2.9 gw 10.1.2.1 size 7', '10.1.2.20-10.1.2.29 gw 10.1.2.5 size 10'],
    ])
  })
})

describe('parseRanges refuses', () => {
  const net = { subnet: '10.1.2.0/24' }
  it.each<[RangeConf[][], string, string]>([
    [[], 'ipam.ranges: no ranges', 'give at least one'],
    [[[net], []], 'ipam.ranges[1][0]: missing, the set is empty', 'leave the set out'],
    [
      [[{ subnet: '10.1.2.3/24' }]],
      'ipam.ranges[0][0].subnet: 10.1.2.3/24 has host bits',
      'did you mean 10.1.2.0/24?',
    ],
    [
      [[{ subnet: '10.1.2.0' }]],
      'ipam.ranges[0][0].subnet: "10.1.2.0" is not of the form',
      'write it as 10.1.2.0/24',
    ],
    [[[{ subnet: '10.1.2.0/31' }]], 'ipam.ranges[0][0].subnet: 10.1.2.0/31 is too small', '/30'],
    [[[{ subnet: '10.1.2.0/32' }]], 'too small', '/30'],
    [[[{ subnet: '2001:db8::/127' }]], 'ipam.ranges[0][0].subnet: 2001:db8::/127 is too small', '/126'],
    [[[{ subnet: '10.01.2.0/24' }]], '"10.01.2.0/24" has a leading zero', ''],
    [
      [[{ ...net, rangeStart: '10.1.3.1' }]],
      'ipam.ranges[0][0].rangeStart: 10.1.3.1 is not in the subnet 10.1.2.0/24',
      'from 10.1.2.0 to 10.1.2.255',
    ],
    [
      [[{ ...net, rangeEnd: '2001:db8::1' }]],
      'ipam.ranges[0][0].rangeEnd: 2001:db8::1 is not in the subnet',
      '',
    ],
    [
      [[{ ...net, rangeEnd: '10.1' }]],
      'ipam.ranges[0][0].rangeEnd: "10.1" is not an IP address',
      'give an address of 10.1.2.0/24',
    ],
    [
      [[{ ...net, rangeStart: '10.1.2.9', rangeEnd: '10.1.2.4' }]],
      'ipam.ranges[0][0].rangeStart: 10.1.2.9 comes after rangeEnd 10.1.2.4',
      'exchange',
    ],
    [
      [[{ ...net, gateway: '10.1.3.1' }]],
      'ipam.ranges[0][0].gateway: 10.1.3.1 is not in the subnet 10.1.2.0/24',
      '',
    ],
    [
      [[{ ...net, gateway: '10.1.2.255' }]],
      'ipam.ranges[0][0].gateway: 10.1.2.255 is the network or broadcast',
      'leave it out for 10.1.2.1',
    ],
    [[[{ ...net, gateway: '10.1.2.0' }]], 'is the network or broadcast', ''],
    [
      [[{ ...net, rangeEnd: '10.1.2.1' }]],
      'ipam.ranges[0][0]: nothing is left from 10.1.2.1 to 10.1.2.1',
      'widen',
    ],
    [[[{ ...net, rangeStart: '10.1.2.255', rangeEnd: '10.1.2.255' }]], 'nothing is left', 'widen'],
    [
      [[net, { subnet: '2001:db8::/64' }]],
      'ipam.ranges[0][1].subnet: 2001:db8::/64 is of another address family',
      'a set each',
    ],
    [
      [[net, net]],
      'ipam.ranges[0][1]: 10.1.2.1-10.1.2.254 overlaps 10.1.2.1-10.1.2.254 of ipam.ranges[0][0]',
      'one range only',
    ],
    [[[net], [{ subnet: '10.1.0.0/16' }]], 'overlaps', 'one range only'],
    [
      [[net], [{ subnet: '2001:db8::/64' }], [{ subnet: '2001:db8::/32' }]],
      'ipam.ranges[2][0]',
      'one range only',
    ],
  ])('%j', (sets, message, details) => {
    let refusal: unknown
    try {
      parseRanges(sets)
    } catch (failure) {
      refusal = failure
    }
    expect(refusal).toBeInstanceOf(CniError)
    expect(refusal).toMatchObject({ code: codes.badConfig })
    expect((refusal as CniError).message).toContain(message)
    expect((refusal as CniError).details).toContain(details)
  })

  it('under the name the caller has for it', () => {
    const where = (set: number) => `runtimeConfig.ipRanges[${set}]`
    expect(() => parseRanges([[{ subnet: '10.1.2.3/24' }]], where)).toThrow(
      'runtimeConfig.ipRanges[0].subnet: 10.1.2.3/24',
    )
  })
})

it('an address gets its prefix and gateway from the range that holds it', () => {
  const sets = parseRanges([[{ subnet: '10.1.2.0/24' }], [{ subnet: '2001:db8::/64' }]])
  expect(asLeased(sets, parseAddress('2001:db8::7'))).toEqual({
    address: '2001:db8::7/64',
    gateway: '2001:db8::1',
  })
  expect(asLeased(sets, parseAddress('10.1.3.7'))).toBeUndefined()
})
