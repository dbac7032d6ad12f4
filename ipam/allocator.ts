/**
 * Which address comes next. Pure: what is leased it learns through a `View`, block by block, and it looks only into
 * blocks that may have room, so that its cost grows neither with the pool nor with the leases.
 */
import { CniError, codes } from '../cni/errors.ts'
import { type Address, AddressError, addressAt, blockOf, parseAddress, parseCidr } from './address.ts'
import { isIn, nameOf, type RangeSet, sizeOf } from './range.ts'

/** What is leased, in blocks of 256 named by their first address. */
export interface View {
  /** How many leases the block has at least; cheap. */
  atLeast(block: string): number
  /** Is this offset of the block leased? Loads the block. */
  isLeased(block: string, offset: number): boolean
}

/**
 * The set's free addresses, in the order in which to try them: from the one after the last leased, around to it. So
 * a released address rests until the pool has wrapped (as with host-local).
 *
 * @param last the addresses leased last, of whichever sets
 */
export function* freeAddresses(set: RangeSet, last: readonly Address[], view: View): Generator<Address> {
  for (const { from, to } of walk(set, last)) yield* freeBetween(set, from, to, view)
}

interface Span {
  readonly from: bigint
  readonly to: bigint
}

/** The set's ranges as one ring, cut open behind the last leased address. */
const walk = ({ ranges }: RangeSet, last: readonly Address[]): Span[] => {
  const cursor = last.find(address => ranges.some(range => isIn(range, address)))
  const spans = ranges.map(({ start, end }) => ({ from: start.value, to: end.value }))
  if (!cursor) return spans
  const at = ranges.findIndex(range => isIn(range, cursor))
  const { from, to } = spans[at]!
  return [
    { from: cursor.value + 1n, to },
    ...spans.slice(at + 1),
    ...spans.slice(0, at),
    { from, to: cursor.value },
  ]
}

function* freeBetween(
  { family, gateways }: RangeSet,
  from: bigint,
  to: bigint,
  view: View,
): Generator<Address> {
  for (let value = from; value <= to; ) {
    const block = blockOf(addressAt(family, value))
    const end = block.value + 255n < to ? block.value + 255n : to
    if (mayHaveRoom(block, gateways, view))
      for (let one = value; one <= end; one++)
        if (!gateways.has(one) && !view.isLeased(block.text, Number(one - block.value)))
          yield addressAt(family, one)
    value = end + 1n
  }
}

/** Said from the count alone. Leases outside the range count too, so only a wholly full block is surely full. */
const mayHaveRoom = (block: Address, gateways: ReadonlySet<bigint>, view: View): boolean => {
  const leased = view.atLeast(block.text)
  if (leased < 256 - gateways.size) return true
  const kept = [...gateways].filter(value => value >= block.value && value < block.value + 256n)
  return leased < 256 - kept.length
}

/**
 * The addresses asked for, each in the place of the set that holds it; undefined where any will do.
 *
 * @param ips "ip" or "ip/prefix", as in `runtimeConfig.ips`; like host-local, the prefix length is the subnet's own
 * @throws CniError badConfig
 */
export const matchRequested = (
  sets: readonly RangeSet[],
  ips: readonly string[],
): (Address | undefined)[] => {
  const matched: (Address | undefined)[] = sets.map(() => undefined)
  for (const ip of ips) {
    const address = parseRequested(ip)
    const at = sets.findIndex(set => set.ranges.some(range => isIn(range, address)))
    if (sets.some(set => set.family === address.family && set.gateways.has(address.value)))
      throw new CniError(
        codes.badConfig,
        `requested address ${address.text} is the gateway`,
        'ask for another one',
      )
    if (at < 0)
      throw new CniError(
        codes.badConfig,
        `requested address ${address.text} is in none of the ranges ${namesOf(sets)}`,
        'ask for an address of the ranges, or add a range',
      )
    const other = matched[at]
    if (other && other.value !== address.value)
      throw new CniError(
        codes.badConfig,
        `requested addresses ${other.text} and ${address.text} are of the same set of ranges`,
        'one address is leased from each set: ask for one of them, or give them a set each',
      )
    matched[at] = address
  }
  return matched
}

const parseRequested = (ip: string): Address => {
  try {
    return ip.includes('/') ? parseCidr(ip).address : parseAddress(ip)
  } catch (failure) {
    if (!(failure instanceof AddressError)) throw failure
    throw new CniError(
      codes.badConfig,
      `requested address "${ip}" ${failure.message}`,
      'write it as 10.1.2.3 or 10.1.2.3/24',
    )
  }
}

const namesOf = (sets: readonly RangeSet[]): string =>
  sets
    .flatMap(set => set.ranges)
    .map(nameOf)
    .join(', ')

/** @param leased how many of the set's addresses are */
export const exhausted = (set: RangeSet, leased: bigint): CniError => {
  const size = set.ranges.reduce((sum, range) => sum + sizeOf(range, set.gateways), 0n)
  const rest = leased < size ? ', and this host uses the others outside the pool' : ''
  return new CniError(
    codes.poolExhausted,
    `no address is free in ${namesOf([set])}: ${leased} of ${size} are leased${rest}`,
    'release what is no longer needed (DEL, GC), or widen ipam.ranges',
  )
}
