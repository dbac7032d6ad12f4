/** The whole way: there, to whoever takes it, and the answer back. */

import { hostOf } from '../../../ipam/cidr.ts'
import { HOST, type Netns } from '../../plan/netns.ts'
import { fromPort } from './bridge.ts'
import {
  begin,
  type Drop,
  doubt,
  dropped,
  type End,
  type Hop,
  inside,
  isDrop,
  type Journey,
  type Left,
  named,
  note,
  repairOf,
  whereOf,
} from './journey.ts'
import { answerTo, end as endWords, type Packet } from './packet.ts'
import type { Sight } from './sight.ts'
import { receive, send } from './stack.ts'

export interface Traced {
  readonly packet: Packet
  readonly hops: readonly Hop[]
  readonly verdict: Verdict
  /** What the model could not tell for sure. */
  readonly doubts: readonly string[]
  readonly live?: Live
}

/** What became of a real packet. */
export interface Live {
  /** Whether it got there, as far as that can be seen. */
  readonly delivered: boolean
  readonly words: string
  /** What it met on its way, as nftables and the interfaces' counters tell it. */
  readonly steps: readonly string[]
}

export interface Verdict {
  readonly delivered: boolean
  /** One sentence. */
  readonly words: string
  readonly object?: string
  readonly because?: string
  readonly fix?: string
}

/** @param from the namespace that it comes from; undefined for the outside */
export const traced = async (sight: Sight, from: Netns | undefined, asked: Packet): Promise<Traced> => {
  const journey = begin(sight)
  const end = await there(journey, from, asked)
  const problem = isDrop(end) ? end : await back(journey, from, asked, end)
  const { hops, doubts } = journey
  return { packet: asked, hops, doubts, verdict: problem ? lost(problem) : delivered(journey, end) }
}

const lost = ({ object, because, fix }: Drop): Verdict => ({
  delivered: false,
  words: `dropped at ${object} because ${because}; do: ${fix}`,
  object,
  because,
  fix,
})

const delivered = (journey: Journey, end: End): Verdict => {
  const words =
    end.kind === 'arrived'
      ? `delivered to ${named(journey, end.place, end.dev)}, and the answer comes back`
      : end.kind === 'left'
        ? `delivered as far as can be seen from here: it leaves by ${wayWords(end)}`
        : ''
  return { delivered: true, words }
}

const wayWords = ({ dev, tunnel }: Left): string =>
  tunnel ? `${dev.name}, and inside of it by ${wayWords(tunnel.left)} to ${tunnel.packet.daddr}` : dev.name

const there = async (journey: Journey, from: Netns | undefined, asked: Packet): Promise<End> => {
  const end = from === undefined ? await fromOutside(journey, asked) : await send(journey, from, asked)
  if (end.kind === 'left') return (await notMasqueraded(journey, end)) ?? end
  return end.kind === 'arrived' ? ((await notTaken(journey, end.place, end.packet)) ?? end) : end
}

/** By the interface that leads to who sends it. */
const fromOutside = async (journey: Journey, packet: Packet): Promise<End> => {
  const route = await journey.sight.route(HOST, { to: packet.saddr })
  const link =
    route.kind === 'unicast'
      ? (await journey.sight.links(HOST)).find(({ name }) => name === route.dev)
      : undefined
  if (!link)
    return dropped(
      'the routes of host',
      `none leads to ${packet.saddr}, where it is to come from`,
      `ip route add ${packet.saddr} …`,
    )
  note(journey, HOST, packet, `comes in by ${link.name}`, `ip route get ${packet.saddr}`)
  return receive(journey, HOST, link, { ...packet, target: link.mac })
}

/** Whether somebody takes it: a socket, or the kernel, which answers echo requests. */
const notTaken = async (journey: Journey, place: Netns, packet: Packet): Promise<Drop | undefined> => {
  const { protocol, daddr, dport } = packet
  const where = whereOf(journey, place)
  if (protocol === 'gre') return undefined
  if (protocol === 'icmp') {
    const key = 'net/ipv4/icmp_echo_ignore_all'
    if (packet.family === 6 || (await journey.sight.sysctl(place, key)) !== '1') return undefined
    return dropped(
      `icmp_echo_ignore_all of ${where}`,
      'it answers no echo request',
      inside(place, 'sysctl -w net.ipv4.icmp_echo_ignore_all=0'),
    )
  }
  const see = inside(
    place,
    `ss -ln${protocol === 'tcp' ? 't' : protocol === 'udp' ? 'u' : 'S'} sport = :${dport}`,
  )
  if (await journey.sight.listens(place, protocol, daddr, dport)) {
    note(journey, place, packet, `a process listens on ${protocol} ${endWords(daddr, dport)}`, see)
    return undefined
  }
  const isHost = place === HOST && !packet.translated.includes('dnat')
  const publisher = isHost ? publisherOf(journey, packet) : undefined
  if (publisher)
    return dropped(
      `published port ${dport}/${protocol} of container ${publisher.container}`,
      `no map of nftables leads it from ${daddr} to the container`,
      repairOf(publisher),
    )
  return dropped(
    `${protocol} port ${dport} of ${where}`,
    `nobody listens there${isHost ? ', and it is no published port of a container' : ''}`,
    isHost ? `vethwork ps; ${see}` : `start the service there: ${see}`,
  )
}

/** Whose the port of the host is to be. */
const publisherOf = ({ sight }: Journey, { protocol, dport }: Packet) =>
  sight.plugs.find(({ ports }) =>
    ports.some(one => one.protocol === protocol && dport >= one.hostPort && dport < one.hostPort + one.range),
  )

/** What goes out with an address that the outside has no way back to, though its network masquerades. */
const notMasqueraded = async (journey: Journey, { bridge, dev, packet }: Left): Promise<Drop | undefined> => {
  if (bridge || packet.isAnswer) return undefined
  const has = (list: readonly string[]) => list.some(one => hostOf(one) === packet.saddr)
  const plug = journey.sight.plugs.find(({ addresses }) => has(addresses))
  if (!plug) return undefined
  if (plug.masquerades)
    return dropped(
      `the masquerade of network ${plug.network}`,
      `it leaves by ${dev.name} as ${packet.saddr}, to which nobody outside has a way back: its rule is missing or does not match`,
      repairOf(plug),
    )
  doubt(journey, `it leaves as ${packet.saddr}: the other end needs a route back by this host`)
  return undefined
}

/** The answer: of a container or the host from there, of the outside from where the packet left. */
const back = async (
  journey: Journey,
  from: Netns | undefined,
  asked: Packet,
  end: Exclude<End, Drop>,
): Promise<Drop | undefined> => {
  const answer = answerTo(end.packet)
  const returned =
    end.kind === 'arrived' ? await send(journey, end.place, answer) : await fromBeyond(journey, end, answer)
  if (isDrop(returned)) return { ...returned, because: `the answer does not come back: ${returned.because}` }
  if (returned.kind === 'left')
    return from === undefined && returned.packet.saddr === asked.daddr
      ? undefined
      : dropped(
          returned.dev.name,
          `the answer leaves the host by it, from ${returned.packet.saddr} to ${returned.packet.daddr}`,
          `ip route get ${returned.packet.daddr}`,
        )
  const { saddr } = returned.packet
  const expected = journey.nat.get(from ?? HOST)?.before.daddr ?? asked.daddr
  if (returned.place === from && (saddr === asked.daddr || saddr === expected)) return undefined
  return dropped(
    named(journey, returned.place, returned.dev),
    returned.place === from
      ? `the answer comes from ${saddr}, and ${asked.daddr} was asked`
      : `the answer goes there, and not to ${from === undefined ? asked.saddr : whereOf(journey, from)}`,
    'vethwork explain, for the source NAT of published ports (snat)',
  )
}

const fromBeyond = async (journey: Journey, left: Left, answer: Packet): Promise<End> => {
  const { dev, bridge, tunnel } = left
  if (tunnel) {
    // Each direction is a flow of its own: what comes back is as new as what went.
    const { saddr, daddr, dport, ...outer } = tunnel.packet
    const arrived = await fromBeyond(journey, tunnel.left, {
      ...outer,
      saddr: daddr,
      daddr: saddr,
      dport,
      sport: 0,
    })
    if (arrived.kind !== 'arrived') return arrived
  }
  const owner = journey.sight.plugs.find(({ addresses }) =>
    addresses.some(one => hostOf(one) === answer.daddr),
  )
  if (bridge) return fromPort(journey, bridge, dev, answer, owner)
  return receive(journey, HOST, dev, { ...answer, target: dev.mac })
}
