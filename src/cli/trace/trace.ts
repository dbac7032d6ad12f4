/** The whole way: there, to whoever takes it, and the answer back. */

import { HOST, type Netns } from '../../plan/netns.ts'
import { back } from './answer.ts'
import {
  begin,
  type Drop,
  doubt,
  dropped,
  type End,
  type Hop,
  isDrop,
  type Journey,
  type Left,
  named,
  note,
  repairOf,
} from './journey.ts'
import type { Packet } from './packet.ts'
import { plugWith } from './routes.ts'
import type { Sight } from './sight.ts'
import { receive, send } from './stack.ts'
import { notTaken } from './taken.ts'

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

/** What goes out with an address that the outside has no way back to, though its network masquerades. */
const notMasqueraded = async (
  journey: Journey,
  { bridge, inner, dev, packet }: Left,
): Promise<Drop | undefined> => {
  if (bridge || inner) return undefined
  const plug = plugWith(journey, packet.saddr)
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
