/** From one end of an interface to the other: cables, bridges, what is made on other interfaces, and the way out. */

import { hostOf } from '../../../ipam/cidr.ts'
import { HOST, type Netns } from '../../plan/netns.ts'
import { fromPort, fromSelf } from './bridge.ts'
import {
  type Drop,
  doubt,
  dropped,
  type End,
  inside,
  type Journey,
  named,
  note,
  repairOf,
  whereOf,
} from './journey.ts'
import { unplugged } from './linkstate.ts'
import type { Packet } from './packet.ts'
import type { LinkSeen, PlugSeen } from './sight.ts'
import { receive } from './stack.ts'

/** @param owner whose the next hop's address is, if it is a container's here */
export const crossing = async (
  journey: Journey,
  place: Netns,
  link: LinkSeen,
  frame: Packet,
  owner?: PlugSeen,
): Promise<End> => {
  const hosts = await journey.sight.links(HOST)
  if (link.type === 'veth')
    return place === HOST ? down(journey, link, frame) : up(journey, place, link, frame, owner)
  if (link.type === 'bridge') return fromSelf(journey, link, frame, owner)
  const lower = hosts.find(({ name }) => name === link.lower)
  if (link.type === 'vlan' && lower?.type === 'bridge')
    return fromSelf(journey, lower, { ...frame, vlan: Number(link.details.id) }, owner)
  if (link.type === 'macvlan' || link.type === 'ipvlan') return shared(journey, place, link, frame)
  return outBy(place, link, link, frame)
}

/** Out of what can be seen; `dev` is the interface that leads there. */
const outBy = (place: Netns, link: LinkSeen, dev: LinkSeen, packet: Packet): End => ({
  kind: 'left',
  dev,
  packet,
  inner: place === HOST ? undefined : { place, link },
})

/** Out of a container by its cable. */
const up = async (
  journey: Journey,
  place: Netns,
  link: LinkSeen,
  frame: Packet,
  owner?: PlugSeen,
): Promise<End> => {
  const links = await journey.sight.links(HOST)
  const plug = journey.sight.plugs.find(one => one.netns === place && one.ifname === link.name)
  const port = links.find(one => one.type === 'veth' && one.index === link.peer && one.peer === link.index)
  if (!port) return outBy(place, link, link, frame)
  const wrong = plug?.port === port.name ? unplugged(plug, links) : undefined
  if (wrong) return wrong
  const narrow = tooNarrow(journey, HOST, port, frame)
  if (narrow) return narrow
  const bridge = links.find(({ name }) => name === port.master)
  note(
    journey,
    HOST,
    frame,
    `${port.name}: the cable of ${whereOf(journey, place)}, ${stateWords(port)}`,
    `ip -d link show ${port.name}`,
  )
  return bridge?.type === 'bridge'
    ? fromPort(journey, bridge, port, frame, owner)
    : receive(journey, HOST, port, frame)
}

const stateWords = ({ operstate, master, port, mtu }: LinkSeen) =>
  [
    operstate.toLowerCase(),
    ...(master ? [`port of ${master}`] : []),
    ...(port?.hairpin ? ['hairpin'] : []),
    ...(port?.isolated ? ['isolated'] : []),
    `MTU ${mtu}`,
  ].join(', ')

/** Into a container by its cable; others' ends cannot be seen. */
export const down = async (journey: Journey, port: LinkSeen, frame: Packet): Promise<End> => {
  const plug = journey.sight.plugs.find(one => one.port === port.name)
  if (!plug?.netns) return { kind: 'left', dev: port, packet: frame }
  const inner = (await journey.sight.links(plug.netns)).find(({ name }) => name === plug.ifname)
  const object = named(journey, plug.netns, plug.ifname)
  if (!inner) return dropped(object, 'it is gone: its cable was taken away', repairOf(plug))
  if (!inner.up) return dropped(object, 'it is down', repairOf(plug))
  const narrow = tooNarrow(journey, plug.netns, inner, frame)
  if (narrow) return narrow
  note(
    journey,
    plug.netns,
    frame,
    `${inner.name}: ${inner.operstate.toLowerCase()}, ${inner.mac}, MTU ${inner.mtu}`,
    inside(plug.netns, `ip addr show dev ${inner.name}`),
  )
  return receive(journey, plug.netns, inner, frame)
}

/** What is larger than the other end takes, and a VLAN tag, is dropped without a word (is_skb_forwardable). */
export const tooNarrow = (
  journey: Journey,
  place: Netns,
  { name, mtu }: LinkSeen,
  { size, room = size }: Packet,
): Drop | undefined => {
  const object = named(journey, place, name)
  if (size > mtu + TAG)
    return dropped(
      `the MTU of ${object}`,
      `a frame of ${size} bytes does not fit into ${mtu}, and nobody is told`,
      inside(place, `ip link set ${name} mtu ${size}`),
    )
  if (room > mtu + TAG)
    doubt(
      journey,
      `the MTU of ${object} is ${mtu}, of the sender ${room}: what is larger is lost there, and nobody is told`,
    )
  return undefined
}

/** Of a VLAN, in bytes. */
const TAG = 4

/** Several containers on one interface of the host, without a bridge. */
const shared = async (journey: Journey, place: Netns, link: LinkSeen, frame: Packet): Promise<End> => {
  const { sight } = journey
  const links = await sight.links(HOST)
  const own = sight.plugs.find(one => one.netns === place && one.ifname === link.name)
  const has = (addresses: readonly string[]) => addresses.some(one => hostOf(one) === frame.daddr)
  const sibling = sight.plugs.find(one => one.network === own?.network && one.netns && has(one.addresses))
  const lower = links.find(({ index }) => index === link.peer)
  const onHost = links.find(({ addresses }) => has(addresses.map(({ address }) => address)))
  if (onHost && lower)
    return dropped(
      lower.name,
      `${link.type} does not lead to the host itself`,
      'reach the host by a bridge network, or at another address',
    )
  if (!sibling?.netns) {
    if (lower && !lower.up) return dropped(lower.name, 'it is down', `ip link set ${lower.name} up`)
    return outBy(place, link, lower ?? link, frame)
  }
  if (link.details.mode === 'private')
    return dropped(
      named(journey, place, link.name),
      'macvlanMode private keeps the containers of one interface apart',
      `vethwork explain ${sibling.network}`,
    )
  const inner = (await sight.links(sibling.netns)).find(({ name }) => name === sibling.ifname)
  if (!inner) return dropped(named(journey, sibling.netns, sibling.ifname), 'it is gone', repairOf(sibling))
  return receive(journey, sibling.netns, inner, { ...frame, target: inner.mac })
}
