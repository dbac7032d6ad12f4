/**
 * What an interface sends is held to a rate (tc-htb(8)): one class, and before it a queue of so many bytes.
 * htb, not tbf: it lets a GSO segment pass in one piece, and subnets may be excepted. bfifo, for it is in every kernel.
 */

import { CniError, codes } from '../../../cni/errors.ts'
import { parseCidr } from '../../../ipam/address.ts'
import { familyOf } from '../../../ipam/cidr.ts'
import { at, type ObservedFilter, type ObservedQueues } from '../observed.ts'
import type { Common, Kind } from './kind.ts'
import { ANYTHING, byTc, filterWords, type TcOp, type U32 } from './tc.ts'

export interface Shaper extends Common {
  readonly kind: 'shaper'
  readonly dev: string
  /** Bits per second. */
  readonly rate: number
  /** Bytes that may pass at once after a silence. */
  readonly burst: number
  /** Bytes that may wait. */
  readonly queue: number
  /** Where the other side's address stands in what is sent here. */
  readonly far: 'src' | 'dst'
  /** Subnets of the other side, in CIDR notation, that are not shaped. */
  readonly except: readonly string[]
  /** Those that alone are; empty: all. */
  readonly only: readonly string[]
  /** The interface is another plugin's, and stays when the attachment goes. */
  readonly stays: boolean
}

/** The handle is our mark: whatever else sends by it has another. */
const HANDLE = '7e:'
const [CLASS, DIRECT, LEAF] = [`${HANDLE}1`, `${HANDLE}0`, '7f:']

export const shaper: Kind<Shaper, TcOp> = {
  ensure(desired, observed) {
    const { netns, dev } = desired
    const found = observed.queues.get(at(netns, dev))
    if (!found?.root) return create(desired)
    if (!isOurs(found)) throw foreign(dev, found.root)
    return isSame(desired, found) ? [] : [del(desired, found), ...create(desired)]
  },

  /** Else it goes with its interface. */
  remove(desired, observed) {
    if (!desired.stays) return []
    const found = observed.queues.get(at(desired.netns, desired.dev))
    return found && isOurs(found) ? [del(desired, found)] : []
  },

  ...byTc,
}

const isOurs = ({ root }: ObservedQueues) => root === `htb ${HANDLE}`

const foreign = (dev: string, root: string) =>
  new CniError(
    codes.foreign,
    `the interface '${dev}' has a queueing discipline already: ${root}`,
    `one plugin of a chain may shape: leave the others out, or delete it (tc qdisc del dev ${dev} root)`,
  )

type Shape = Pick<Shaper, 'netns' | 'dev' | 'rate' | 'burst' | 'queue'>

const create = (desired: Shaper): TcOp[] => {
  const { only, except, far } = desired
  const flowid = only.length ? CLASS : DIRECT
  const filters = [...only, ...except].map(subnet => ({
    ...placeOf(protocolOf(subnet)),
    match: `${familyOf(subnet) === 4 ? 'ip' : 'ip6'} ${far} ${subnet}`,
    keys: keysOf(subnet, far),
    to: { flowid },
  }))
  return built(desired, only.length > 0, filters)
}

const built = (
  { netns, dev, rate, burst, queue }: Shape,
  isChosen: boolean,
  filters: readonly U32[],
): TcOp[] => {
  return [
    {
      op: 'qdisc.add',
      netns,
      dev,
      parent: 'root',
      handle: HANDLE,
      qdisc: { kind: 'htb', default: isChosen ? 0 : 1 },
      words: `let htb queue what ${dev} sends`,
      undo: [delRoot({ netns, dev })],
    },
    // What was found may lack them.
    ...(rate ? [hold({ netns, dev, rate, burst })] : []),
    ...(rate && queue ? [wait({ netns, dev, queue })] : []),
    ...filters.map(one => ({
      ...one,
      op: 'filter.add' as const,
      netns,
      dev,
      words: `${isChosen ? 'shape' : 'do not shape'} ${filterWords(one)}`,
      undo: [],
    })),
  ]
}

/** Bytes a class sends in its turn; there is but one, and a number spares the kernel's log a warning. */
const QUANTUM = 60_000

const hold = ({ netns, dev, rate, burst }: Omit<Shape, 'queue'>): TcOp => ({
  op: 'class.add',
  netns,
  dev,
  parent: HANDLE,
  classid: CLASS,
  rate,
  burst,
  quantum: QUANTUM,
  words: `hold ${dev} to ${rate} bit/s, after a silence ${burst} bytes at once`,
  undo: [],
})

const wait = ({ netns, dev, queue }: Pick<Shape, 'netns' | 'dev' | 'queue'>): TcOp => ({
  op: 'qdisc.add',
  netns,
  dev,
  parent: CLASS,
  handle: LEAF,
  qdisc: { kind: 'bfifo', limit: queue },
  words: `let ${queue} bytes wait for ${dev}`,
  undo: [],
})

const delRoot = ({ netns, dev }: Pick<Shaper, 'netns' | 'dev'>, undo: readonly TcOp[] = []): TcOp => ({
  op: 'qdisc.del',
  netns,
  dev,
  parent: 'root',
  words: `no longer shape what ${dev} sends`,
  undo,
})

const del = ({ netns, dev }: Shaper, { rate = 0, burst = 0, queue = 0, ...found }: ObservedQueues) =>
  delRoot({ netns, dev }, built({ netns, dev, rate, burst, queue }, !found.shapesAll, found.filters.map(raw)))

/** A filter as it was seen: the kernel keeps numbers, not words. */
const raw = ({ protocol, flow, matches }: ObservedFilter): U32 => {
  const words = matches.map(match => {
    const [value, mask, offset] = match.split(/[/@]/)
    return `u32 0x${value} 0x${mask} at ${offset}`
  })
  const said = matches.length ? { match: words.join(' match '), keys: matches } : ANYTHING
  return { ...placeOf(protocol as 'ip' | 'ipv6'), ...said, to: { flowid: flow } }
}

/** A preference has one protocol. */
const placeOf = (protocol: 'ip' | 'ipv6') => ({ parent: HANDLE, protocol, prio: protocol === 'ip' ? 4 : 6 })
const protocolOf = (subnet: string) => (familyOf(subnet) === 4 ? 'ip' : 'ipv6')

const isSame = (desired: Shaper, found: ObservedQueues) =>
  isAbout(desired.rate, found.rate) &&
  isAbout(desired.burst, found.burst) &&
  isAbout(desired.queue, found.queue) &&
  found.shapesAll === (desired.only.length === 0) &&
  filterTexts(filtersOf(desired)) === filterTexts(found.filters)

/** The kernel counts in ticks of 64 ns, tc prints rounded. */
const isAbout = (wanted: number, found = 0) => Math.abs(wanted - found) <= wanted / 200

const filterTexts = (filters: readonly ObservedFilter[]) =>
  filters
    .map(({ protocol, flow, matches }) => `${protocol} ${flow} ${matches.join(' ')}`)
    .sort()
    .join('\n')

const filtersOf = ({ only, except, far }: Shaper): ObservedFilter[] => {
  const flow = only.length ? CLASS : HANDLE
  return [...only, ...except].map(subnet => ({
    protocol: protocolOf(subnet),
    flow,
    matches: matchesOf(subnet, far),
  }))
}

/** Where an address stands in a packet: RFC 791 section 3.1, RFC 8200 section 3; bytes. */
const OFFSETS = { 4: { src: 12, dst: 16 }, 6: { src: 8, dst: 24 } } as const

/** A subnet as u32 keeps it: each 32 bits that matter, as `0a000000/ff000000@12`. */
export const matchesOf = (subnet: string, far: 'src' | 'dst'): string[] =>
  keysOf(subnet, far).filter(key => !key.includes('/00000000'))

/** The same as tc(8) sends it, which of IPv4 says also that nothing matters. */
const keysOf = (subnet: string, far: 'src' | 'dst'): string[] => {
  const { address, prefix } = parseCidr(subnet)
  const count = address.family === 4 ? 1 : Math.ceil(prefix / 32)
  const words = address.family === 4 ? 1 : 4
  const hex = (value: bigint) => value.toString(16).padStart(8, '0')
  return Array.from({ length: count }, (_, n) => {
    const bits = BigInt(Math.max(0, Math.min(32, prefix - 32 * n)))
    const mask = (0xffffffffn << (32n - bits)) & 0xffffffffn
    const word = (address.value >> BigInt(32 * (words - 1 - n))) & mask
    return `${hex(word)}/${hex(mask)}@${OFFSETS[address.family][far] + 4 * n}`
  })
}
