/** Pools as the configuration writes them → range sets that can be trusted. The rules are host-local's 1.9. Pure. */
import { CniError, codes } from '../cni/errors.ts'
import {
  type Address,
  AddressError,
  type Cidr,
  contains,
  type Family,
  firstOf,
  formatCidr,
  lastOf,
  next,
  parseAddress,
  parseCidr,
} from './address.ts'
import type { LeasedAddress, RangeConf } from './lease.ts'

/** Addresses `start` to `end`, both included, of one subnet. */
export interface Range {
  readonly subnet: Cidr
  readonly start: Address
  readonly end: Address
  readonly gateway: Address
}

/** One address is leased from each set. */
export interface RangeSet {
  readonly family: Family
  readonly ranges: readonly Range[]
  /** Never handed out: the gateways of this family, of all sets. */
  readonly gateways: ReadonlySet<bigint>
}

/** One host's part of a subnet that several hosts share. */
export interface OwnRange {
  readonly rangeStart: string
  readonly rangeEnd: string
}

/** The pool with this host's parts in place of whatever bounds the ranges of their subnets have. */
export const withOwnRanges = (
  sets: readonly (readonly RangeConf[])[],
  own: readonly OwnRange[],
): readonly (readonly RangeConf[])[] => {
  const lost = own.find(({ rangeStart }) => !sets.flat().some(({ subnet }) => isWithin(subnet, rangeStart)))
  if (lost)
    throw refusal(
      `host.json, ranges: ${lost.rangeStart}-${lost.rangeEnd} is in no subnet of the network`,
      'correct it: without it this host would lease the addresses of others',
    )
  return sets.map(set =>
    set.flatMap(range => {
      const mine = own.filter(({ rangeStart }) => isWithin(range.subnet, rangeStart))
      return mine.length
        ? mine.map(({ rangeStart, rangeEnd }) => ({ ...range, rangeStart, rangeEnd }))
        : [range]
    }),
  )
}

/** What is no subnet or no address is named when the range is parsed. */
const isWithin = (subnet: string, address: string) => {
  try {
    return contains(parseCidr(subnet), parseAddress(address))
  } catch {
    return false
  }
}

/** How errors name the range at [set][index]. */
export type Where = (set: number, index: number) => string
const inConf: Where = (set, index) => `ipam.ranges[${set}][${index}]`

/**
 * @throws CniError badConfig, naming field, value and remedy
 * @param where names a range in errors, for ranges that do not come from `ipam.ranges`
 */
export const parseRanges = (sets: readonly (readonly RangeConf[])[], where: Where = inConf): RangeSet[] => {
  if (sets.length === 0)
    throw refusal('ipam.ranges: no ranges', 'give at least one: "ranges": [[{"subnet": "10.1.2.0/24"}]]')
  const parsed = sets.map((set, i) => {
    if (set.length === 0)
      throw refusal(`${where(i, 0)}: missing, the set is empty`, 'give it a subnet, or leave the set out')
    return set.map((conf, j) => parseRange(conf, where(i, j)))
  })
  parsed.forEach((set, i) => {
    refuseMixed(set, j => where(i, j))
  })
  refuseOverlaps(parsed.flatMap((set, i) => set.map((range, j) => ({ range, path: where(i, j) }))))
  const gateways = (family: Family) =>
    new Set(
      parsed
        .flat()
        .map(range => range.gateway)
        .filter(one => one.family === family)
        .map(one => one.value),
    )
  return parsed.map(ranges => {
    const family = ranges[0]!.start.family
    return { family, ranges, gateways: gateways(family) }
  })
}

const parseRange = (conf: RangeConf, path: string): Range => {
  const subnet = parsed(parseCidr, conf.subnet, `${path}.subnet`, 'write it as 10.1.2.0/24 or 2001:db8::/64')
  const { family } = subnet.address
  const first = firstOf(subnet)
  const last = lastOf(subnet)
  const text = formatCidr(subnet)
  if (subnet.address.value !== first.value)
    throw refusal(`${path}.subnet: ${text} has host bits`, `did you mean ${first.text}/${subnet.prefix}?`)
  if (last.value - first.value < 3n)
    throw refusal(`${path}.subnet: ${text} is too small`, `the smallest is a /${family === 4 ? 30 : 126}`)

  const within = (field: 'rangeStart' | 'rangeEnd' | 'gateway', otherwise: Address): Address => {
    const value = conf[field]
    if (value === undefined) return otherwise
    const address = parsed(parseAddress, value, `${path}.${field}`, `give an address of ${text}`)
    if (!contains(subnet, address))
      throw refusal(
        `${path}.${field}: ${address.text} is not in the subnet ${text}`,
        `give an address from ${first.text} to ${last.text}`,
      )
    return address
  }
  // The first address means "this network" (IPv6: "any router"), the last of an IPv4 subnet means "everybody".
  const lowest = next(first)
  const highest = family === 4 ? next(last, -1n) : last
  const gateway = within('gateway', lowest)
  if (family === 4 && (gateway.value === first.value || gateway.value === last.value))
    throw refusal(
      `${path}.gateway: ${gateway.text} is the network or broadcast address of ${text}`,
      `leave it out for ${lowest.text}`,
    )
  const rangeStart = within('rangeStart', lowest)
  const rangeEnd = within('rangeEnd', highest)
  if (rangeStart.value > rangeEnd.value)
    throw refusal(
      `${path}.rangeStart: ${rangeStart.text} comes after rangeEnd ${rangeEnd.text}`,
      'exchange the two',
    )
  const range = {
    subnet,
    gateway,
    start: rangeStart.value < lowest.value ? lowest : rangeStart,
    end: rangeEnd.value > highest.value ? highest : rangeEnd,
  }
  if (sizeOf(range, new Set([gateway.value])) <= 0n)
    throw refusal(
      `${path}: nothing is left from ${rangeStart.text} to ${rangeEnd.text} to be handed out`,
      'network, broadcast and gateway addresses never are: widen the range',
    )
  return range
}

const refuseMixed = (set: readonly Range[], path: (index: number) => string): void => {
  const odd = set.findIndex(range => range.start.family !== set[0]!.start.family)
  if (odd > 0)
    throw refusal(
      `${path(odd)}.subnet: ${formatCidr(set[odd]!.subnet)} is of another address family than the set's first`,
      'one address is leased from each set: give IPv4 and IPv6 a set each',
    )
}

const refuseOverlaps = (all: readonly { range: Range; path: string }[]): void => {
  const sorted = all.toSorted(
    (a, b) =>
      a.range.start.family - b.range.start.family || (a.range.start.value < b.range.start.value ? -1 : 1),
  )
  for (const [i, upper] of sorted.entries()) {
    const lower = sorted[i - 1]
    if (
      lower &&
      lower.range.end.family === upper.range.start.family &&
      lower.range.end.value >= upper.range.start.value
    )
      throw refusal(
        `${upper.path}: ${nameOf(upper.range)} overlaps ${nameOf(lower.range)} of ${lower.path}`,
        'give each address to one range only',
      )
  }
}

const parsed = <T>(parse: (text: string) => T, text: string, path: string, remedy: string): T => {
  try {
    return parse(text)
  } catch (failure) {
    if (failure instanceof AddressError) throw refusal(`${path}: "${text}" ${failure.message}`, remedy)
    throw failure
  }
}

const refusal = (message: string, remedy: string) => new CniError(codes.badConfig, message, remedy)

/** As host-local writes it: `10.1.2.1-10.1.2.254`. */
export const nameOf = ({ start, end }: Pick<Range, 'start' | 'end'>): string => `${start.text}-${end.text}`

export const isIn = ({ start, end }: Range, { family, value }: Address): boolean =>
  start.family === family && start.value <= value && value <= end.value

/** How many addresses a range can hand out. */
export const sizeOf = (
  { start, end }: Pick<Range, 'start' | 'end'>,
  gateways: ReadonlySet<bigint>,
): bigint => {
  const kept = [...gateways].filter(value => start.value <= value && value <= end.value)
  return end.value - start.value + 1n - BigInt(kept.length)
}

/** An address of the pool with the prefix length and the gateway of its range; undefined if it is of no range. */
export const asLeased = (sets: readonly RangeSet[], address: Address): LeasedAddress | undefined => {
  const range = sets.flatMap(set => set.ranges).find(one => isIn(one, address))
  return range && { address: `${address.text}/${range.subnet.prefix}`, gateway: range.gateway.text }
}
