/** What is noted on the way of a packet, and how a way ends. */

import { HOST, type Netns } from '../../plan/netns.ts'
import type { Packet } from './packet.ts'
import type { LinkSeen, PlugSeen, Sight } from './sight.ts'

export interface Hop {
  /** `host`, `container web1` */
  readonly where: string
  /** What decided, and how. */
  readonly what: string
  /** The command that shows it. */
  readonly see: string
  /** On the way back. */
  readonly isAnswer: boolean
}

export interface Drop {
  readonly kind: 'dropped'
  readonly object: string
  readonly because: string
  /** A command, or what to do. */
  readonly fix: string
}

/** Where a packet got to. */
export type End =
  | Drop
  | { readonly kind: 'arrived'; readonly place: Netns; readonly dev: string; readonly packet: Packet }
  | Left

/** Out of what can be seen from here: by an interface of the host, or by a bridge's port that leads away. */
export interface Left {
  readonly kind: 'left'
  readonly dev: LinkSeen
  readonly bridge?: LinkSeen
  /** A container's own interface that leads out by `dev` (macvlan, ipvlan …): what comes back is for it. */
  readonly inner?: { readonly place: Netns; readonly link: LinkSeen }
  readonly packet: Packet
  /** What it was put into, and the way of that. */
  readonly tunnel?: { readonly packet: Packet; readonly left: Left }
}

export interface Journey {
  readonly sight: Sight
  readonly hops: Hop[]
  readonly doubts: string[]
  /** What connection tracking remembers of NAT in each namespace: the first packet as it came, and as it went. */
  readonly nat: Map<Netns, { readonly before: Packet; readonly after: Packet }>
}

export const begin = (sight: Sight): Journey => ({ sight, hops: [], doubts: [], nat: new Map() })

export const dropped = (object: string, because: string, fix: string): Drop => ({
  kind: 'dropped',
  object,
  because,
  fix,
})

export const isDrop = (one: object): one is Drop => (one as { kind?: string }).kind === 'dropped'

export const note = (journey: Journey, place: Netns, packet: Packet, what: string, see: string) =>
  journey.hops.push({ where: whereOf(journey, place), what, see, isAnswer: packet.isAnswer })

/** Once, however often it is met. */
export const doubt = (journey: Journey, ...words: readonly string[]) =>
  journey.doubts.push(...words.filter(one => !journey.doubts.includes(one)))

/** `host`, `container web1`: as people call a namespace. */
export const whereOf = ({ sight }: Journey, place: Netns): string => {
  if (place === HOST) return 'host'
  const plug = sight.plugs.find(({ netns }) => netns === place)
  return plug ? `container ${plug.container}` : `namespace ${place}`
}

/** `eth0 of container web1`; of the host just the name. */
export const named = (journey: Journey, place: Netns, what: string) =>
  place === HOST ? what : `${what} of ${whereOf(journey, place)}`

/** A command as it is typed on the host. */
export const inside = (place: Netns, command: string) =>
  place === HOST ? command : `nsenter --net=${place} ${command}`

/** `ip -6 ` where it is needed. */
export const ip = (family: 4 | 6) => (family === 4 ? 'ip' : 'ip -6')

/** What makes again what is ours. */
export const repairOf = ({ container }: PlugSeen) => `vethwork repair ${container}`
