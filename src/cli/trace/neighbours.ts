/** Which hardware address a packet is sent to: what the neighbour table knows, and who would answer ARP or ND. */

import { hostOf } from '../../../ipam/cidr.ts'
import { readNetworkAlias } from '../../networks/marks.ts'
import { HOST, type Netns } from '../../plan/netns.ts'
import {
  type Drop,
  dropped,
  inside,
  ip,
  isDrop,
  type Journey,
  named,
  note,
  repairOf,
  whereOf,
} from './journey.ts'
import { lost, withoutWayOut } from './linkstate.ts'
import type { Packet } from './packet.ts'
import type { LinkSeen, NeighbourSeen, PlugSeen } from './sight.ts'

/** `mac` is undefined where it is known elsewhere only. */
export interface Target {
  readonly mac?: string
  /** Whose it is, if it is a container's here. */
  readonly owner?: PlugSeen
}

export const resolve = async (
  journey: Journey,
  place: Netns,
  link: LinkSeen,
  address: string,
  packet: Packet,
): Promise<Target | Drop> => {
  if (link.name === 'lo' || NO_ARP.includes(link.type)) return {}
  const { sight } = journey
  const known = await sight.neighbour(place, link.name, address)
  const bridge = await bridgeBehind(journey, place, link)
  const found = await ownerOf(journey, bridge, address, packet)
  const there = found && isDrop(found) ? undefined : found
  const see = inside(place, `${ip(packet.family)} neigh show to ${address} dev ${link.name}`)
  const asks = packet.family === 4 ? 'ARP' : 'ND'
  if (known?.mac && known.state !== 'FAILED') {
    if (there?.mac && there.mac !== known.mac)
      return dropped(
        `the neighbour entry ${address} of ${whereOf(journey, place)}`,
        `it says ${known.mac} (${known.state}), but ${address} is at ${there.mac}`,
        inside(place, `${ip(packet.family)} neigh del ${address} dev ${link.name}`),
      )
    note(journey, place, packet, `neighbour ${address} is at ${known.mac} (${known.state})`, see)
    return { mac: known.mac, owner: there?.owner }
  }
  if (found && isDrop(found)) return found
  if (there) {
    note(
      journey,
      place,
      packet,
      `${asks} for ${address}: ${there.words} answers${there.mac ? `, ${there.mac}` : ''}`,
      see,
    )
    return there
  }
  return unanswered(journey, place, link, address, known, bridge, { asks, see, packet })
}

/** Nobody who can be seen has it: where the segment ends here, nobody has it. */
const unanswered = (
  journey: Journey,
  place: Netns,
  link: LinkSeen,
  address: string,
  known: NeighbourSeen | undefined,
  bridge: BridgeBehind | undefined,
  { asks, see, packet }: { readonly asks: string; readonly see: string; readonly packet: Packet },
): Target | Drop => {
  const isClosed = bridge !== undefined && !bridge.waysOut.length
  const plug = journey.sight.plugs.find(one => one.bridge === bridge?.link.name && one.netns === place)
  const stranded = isClosed ? withoutWayOut(bridge.link, bridge.links, journey.sight.plugs) : undefined
  if (stranded) return stranded
  if (isClosed || known?.state === 'FAILED')
    return dropped(
      `${asks} by ${named(journey, place, link.name)}`,
      isClosed ? `nobody on ${bridge.link.name} has ${address}` : `nobody answered for ${address}`,
      plug ? repairOf(plug) : see,
    )
  const where = bridge ? `beyond ${bridge.waysOut.map(({ name }) => name).join(', ')}` : 'out there'
  note(journey, place, packet, `${asks} for ${address}: whoever has it ${where} must answer`, see)
  return {}
}

const NO_ARP = ['ipvlan', 'gre', 'ipip', 'sit', 'tun', 'wireguard']

interface BridgeBehind {
  readonly link: LinkSeen
  /** All of the host. */
  readonly links: readonly LinkSeen[]
  /** Its ports that are no container's of ours. */
  readonly waysOut: readonly LinkSeen[]
}

/** The bridge that an interface leads to, if it can be seen. */
const bridgeBehind = async (
  { sight }: Journey,
  place: Netns,
  link: LinkSeen,
): Promise<BridgeBehind | undefined> => {
  const links = await sight.links(HOST)
  const plug = sight.plugs.find(one => one.netns === place && one.ifname === link.name)
  const name = place === HOST ? (link.type === 'bridge' ? link.name : link.lower) : plug?.bridge
  const bridge = links.find(one => one.name === name && one.type === 'bridge')
  return bridge && { link: bridge, links, waysOut: waysOutOf(bridge, links, sight.plugs) }
}

/** Ports of a bridge that are no container's of ours: those that its network made to lead away come first. */
export const waysOutOf = ({ name }: LinkSeen, links: readonly LinkSeen[], plugs: readonly PlugSeen[]) => {
  const strange = links.filter(link => link.master === name && !plugs.some(({ port }) => port === link.name))
  const isOurs = ({ alias }: LinkSeen) => readNetworkAlias(alias) !== undefined
  return [...strange.filter(isOurs), ...strange.filter(link => !isOurs(link))]
}

/** Who has an address on a bridge: the host, or a container; what is wrong, if it is one that lost it. */
const ownerOf = async (
  journey: Journey,
  bridge: BridgeBehind | undefined,
  address: string,
  { family }: Packet,
): Promise<(Target & { readonly words: string }) | Drop | undefined> => {
  const { sight } = journey
  if (!bridge) return undefined
  const has = (link: LinkSeen) => link.addresses.some(one => hostOf(one.address) === address)
  const links = await sight.links(HOST)
  const onBridge = links.find(link => has(link) && (link === bridge.link || link.lower === bridge.link.name))
  // A Linux host answers ARP for all of its addresses (ip-sysctl: arp_ignore).
  const elsewhere = family === 4 && links.some(has) && bridge.link.addresses.length > 0
  if (onBridge || elsewhere) return { mac: (onBridge ?? bridge.link).mac, words: 'the host' }
  const plug = sight.plugs.find(
    one => one.bridge === bridge.link.name && one.addresses.some(one => hostOf(one) === address),
  )
  if (!plug) return undefined
  // Where nobody remembers its namespace, its cable still says whose it is.
  if (!plug.netns) return { owner: plug, words: `container ${plug.container}, as its cable says,` }
  const inner = await sight.links(plug.netns)
  const own = inner.find(({ name }) => name === plug.ifname)
  if (own && has(own)) return { mac: own.mac, owner: plug, words: `container ${plug.container}` }
  return lost(journey, plug, inner)
}
