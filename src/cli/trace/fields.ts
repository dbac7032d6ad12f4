/** What an expression of nft says of a packet (nft(8), "PRIMARY EXPRESSION", "PAYLOAD EXPRESSIONS"). Pure. */

import type { Packet } from './packet.ts'

/** A packet at a hook. */
export interface Moment {
  readonly packet: Packet
  /** Empty where there is none. */
  readonly iif: string
  readonly oif: string
  /** Whether an address is the namespace's own (`fib daddr type local`). */
  readonly isLocal: (address: string) => boolean
  /** `bridge`, `veth` … of an interface. */
  readonly kindOf: (dev: string) => string
  /** The address that the outgoing interface has: what masquerading makes the source. */
  readonly own: string
}

/** A packet has not such a field: what asks for it does not match. */
export const ABSENT = Symbol('absent')
/** The model does not follow it: it may match. */
export const UNKNOWN = Symbol('unknown')

type Expression = Readonly<Record<string, unknown>>

export const readOf = (expression: unknown, moment: Moment): unknown => {
  if (expression === null || typeof expression !== 'object') return expression
  const [[kind, of] = ['', undefined]] = Object.entries(expression as Expression)
  const read = kinds[kind]
  return read ? read(of as never, moment) : UNKNOWN
}

const kinds: Readonly<Record<string, (of: never, moment: Moment) => unknown>> = {
  meta: ({ key }: { key: string }, moment) => {
    const read = metas[key]
    return read ? read(moment) : UNKNOWN
  },
  payload: ({ protocol, field }: { protocol?: string; field?: string }, { packet }) =>
    payloads[protocol ?? '']?.(packet, field ?? '') ?? UNKNOWN,
  ct: ({ key }: { key: string }, { packet }) => {
    const state = packet.isAnswer ? 'established' : 'new'
    if (key === 'state') return [state]
    if (key === 'status') return packet.translated
    // iptables has both in one word (--ctstate).
    if (key === 'state-or-nat') return [state, ...packet.translated]
    if (key === 'direction') return packet.isAnswer ? 'reply' : 'original'
    return UNKNOWN
  },
  fib: ({ result, flags }: { result: string; flags: string | string[] }, { packet, isLocal }) =>
    result === 'type' && [flags].flat().includes('daddr')
      ? isLocal(packet.daddr)
        ? 'local'
        : 'unicast'
      : UNKNOWN,
  // IPv6 fragments: there are none here.
  exthdr: () => ABSENT,
  '&': ([left, mask]: [unknown, unknown], moment) => {
    const value = readOf(left, moment)
    if (typeof value === 'number' && typeof mask === 'number') return value & mask
    if (Array.isArray(value)) return value.filter(one => [mask].flat().includes(one))
    return value === ABSENT ? ABSENT : UNKNOWN
  },
  '|': ([left, bits]: [unknown, unknown], moment) => {
    const value = readOf(left, moment)
    return typeof value === 'number' && typeof bits === 'number' ? value | bits : UNKNOWN
  },
}

const metas: Readonly<Record<string, (moment: Moment) => unknown>> = {
  iifname: ({ iif }) => iif,
  iif: ({ iif }) => iif,
  oifname: ({ oif }) => oif,
  oif: ({ oif }) => oif,
  iifkind: ({ iif, kindOf }) => kindOf(iif),
  oifkind: ({ oif, kindOf }) => kindOf(oif),
  nfproto: ({ packet }) => (packet.family === 4 ? 'ipv4' : 'ipv6'),
  protocol: ({ packet }) => (packet.family === 4 ? 'ip' : 'ip6'),
  l4proto: ({ packet }) => l4(packet),
  mark: ({ packet }) => packet.mark,
  pkttype: () => 'host',
}

const l4 = ({ protocol, family }: Packet) => (protocol === 'icmp' && family === 6 ? 'ipv6-icmp' : protocol)

type Payload = (packet: Packet, field: string) => unknown

const ip =
  (family: 4 | 6): Payload =>
  (packet, field) => {
    if (packet.family !== family) return ABSENT
    switch (field) {
      case 'saddr':
        return packet.saddr
      case 'daddr':
        return packet.daddr
      case 'protocol':
      case 'nexthdr':
        return l4(packet)
      case 'version':
        return family
      case 'frag-off':
        return 0
      case 'length':
        return packet.size
      default:
        return UNKNOWN
    }
  }

const transport =
  (...protocols: readonly string[]): Payload =>
  (packet, field) => {
    if (!protocols.includes(packet.protocol)) return ABSENT
    if (field === 'sport') return packet.sport
    if (field === 'dport') return packet.dport
    // The first packet of a connection, and its answer.
    if (field === 'flags') return packet.isAnswer ? ['syn', 'ack'] : ['syn']
    return UNKNOWN
  }

const icmp =
  (family: 4 | 6): Payload =>
  (packet, field) => {
    if (packet.protocol !== 'icmp' || packet.family !== family) return ABSENT
    if (field === 'type') return packet.isAnswer ? 'echo-reply' : 'echo-request'
    return field === 'code' ? 0 : UNKNOWN
  }

const payloads: Readonly<Record<string, Payload>> = {
  ip: ip(4),
  ip6: ip(6),
  tcp: transport('tcp'),
  udp: transport('udp'),
  sctp: transport('sctp'),
  th: transport('tcp', 'udp', 'sctp'),
  icmp: icmp(4),
  icmpv6: icmp(6),
  arp: () => ABSENT,
  vlan: ({ vlan }, field) => (vlan === undefined ? ABSENT : field === 'id' ? vlan : UNKNOWN),
  ether: ({ source, target, family }, field) => {
    if (field === 'type') return family === 4 ? 'ip' : 'ip6'
    return (field === 'saddr' ? source : field === 'daddr' ? target : UNKNOWN) ?? UNKNOWN
  },
}
