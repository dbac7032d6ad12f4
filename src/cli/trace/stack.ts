/** IP in one namespace: what is sent, received, passed on; netfilter's hooks in their places. */

import { hostOf } from '../../../ipam/cidr.ts'
import { HOST, type Netns } from '../../plan/netns.ts'
import { crossing } from './cable.ts'
import {
  type Drop,
  dropped,
  type End,
  inside,
  ip,
  isDrop,
  type Journey,
  named,
  note,
  repairOf,
  whereOf,
} from './journey.ts'
import { missingLink } from './linkstate.ts'
import { resolve } from './neighbours.ts'
import type { Packet } from './packet.ts'
import { throughHook } from './rules.ts'
import type { LinkSeen, RouteQuery, RouteSeen } from './sight.ts'

type Way = Exclude<RouteSeen, { kind: 'refused' }>

/** A process in `place` sends. */
export const send = async (journey: Journey, place: Netns, asked: Packet): Promise<End> => {
  const first = await routed(journey, place, asked, {})
  if (isDrop(first)) return first
  const packet = { ...asked, saddr: asked.saddr || first.source || asked.daddr }
  const homeless = isLinkLocal(packet.saddr) && !isLinkLocal(packet.daddr)
  const without = homeless ? await missingLink(journey, place) : undefined
  if (without) return without
  noteRoute(journey, place, packet, first, queryOf(packet, {}))
  const out = await throughHook(journey, { place, hook: 'output', oif: first.dev }, packet)
  if (isDrop(out)) return out
  const way = out.daddr === packet.daddr ? first : await routed(journey, place, out, {})
  if (isDrop(way)) return way
  if (way !== first) noteRoute(journey, place, out, way, queryOf(out, {}))
  return way.kind === 'local' ? toItself(journey, place, out) : leave(journey, place, out, way, '')
}

/** Such a source is of no use beyond the link (RFC 4291 section 2.5.6). */
const isLinkLocal = (address: string) => /^fe[89ab]/.test(address)

/** What is for the namespace itself comes by its loopback. */
const toItself = async (journey: Journey, place: Netns, packet: Packet): Promise<End> => {
  const out = await throughHook(journey, { place, hook: 'postrouting', oif: 'lo' }, packet)
  if (isDrop(out)) return out
  const back = await throughHook(journey, { place, hook: 'prerouting', iif: 'lo' }, out)
  return isDrop(back) ? back : deliver(journey, place, back, 'lo')
}

/** A frame comes out of an interface into the namespace. */
export const receive = async (
  journey: Journey,
  place: Netns,
  link: LinkSeen,
  frame: Packet,
): Promise<End> => {
  const { name } = link
  const object = named(journey, place, name)
  if (!link.up) return dropped(object, 'it is down', inside(place, `ip link set ${name} up`))
  if (frame.target && link.mac && frame.target !== link.mac)
    return dropped(
      object,
      `the frame is for ${frame.target}, and its MAC address is ${link.mac}`,
      inside(place, `ip link show ${name}`),
    )
  const came = await throughHook(journey, { place, hook: 'prerouting', iif: name }, frame)
  if (isDrop(came)) return came
  const refusal = await notForwarding(journey, place, came, name)
  const way = refusal ?? (await routed(journey, place, came, { iif: name }))
  if (isDrop(way)) return way
  if (way.kind === 'local') return deliver(journey, place, came, name)
  noteRoute(journey, place, came, way, queryOf(came, { iif: name }))
  const on = await throughHook(journey, { place, hook: 'forward', iif: name, oif: way.dev }, came)
  return isDrop(on) ? on : leave(journey, place, on, way, name)
}

/** To a socket. */
const deliver = async (journey: Journey, place: Netns, packet: Packet, dev: string): Promise<End> => {
  const taken = await throughHook(journey, { place, hook: 'input', iif: dev }, packet)
  return isDrop(taken) ? taken : { kind: 'arrived', place, dev, packet: taken }
}

/** What is not for an address of the namespace needs it to be a router (ip-sysctl: ip_forward). */
const notForwarding = async (
  journey: Journey,
  place: Netns,
  { daddr, family }: Packet,
  dev: string,
): Promise<Drop | undefined> => {
  const { sight } = journey
  const own = (await sight.links(place)).some(({ addresses }) =>
    addresses.some(({ address }) => hostOf(address) === daddr),
  )
  if (own || daddr.startsWith('127.')) return undefined
  const key = family === 4 ? `net/ipv4/conf/${dev}/forwarding` : 'net/ipv6/conf/all/forwarding'
  if ((await sight.sysctl(place, key)) !== '0') return undefined
  if (place !== HOST)
    return dropped(
      named(journey, place, dev),
      `${daddr} is no address of it, and ${whereOf(journey, place)} is no router`,
      inside(place, `ip addr show dev ${dev}`),
    )
  const all = family === 4 ? 'net.ipv4.ip_forward' : 'net.ipv6.conf.all.forwarding'
  return dropped(
    all,
    `it is 0: the host passes nothing on that comes by ${dev} and is for ${daddr}`,
    `sysctl -w ${all}=1`,
  )
}

/** The route of a packet, or why there is none. */
const routed = async (
  journey: Journey,
  place: Netns,
  packet: Packet,
  { iif }: { readonly iif?: string },
): Promise<Way | Drop> => {
  const query = queryOf(packet, { iif })
  const route = await journey.sight.route(place, query)
  if (route.kind !== 'refused') return route
  const { words } = route
  const object = `the routes of ${whereOf(journey, place)}`
  const martian = iif ? await unexpected(journey, place, packet, iif, words) : undefined
  if (martian) return martian
  const missing = iif === undefined ? await missingLink(journey, place) : undefined
  if (missing) return missing
  const plug = journey.sight.plugs.find(({ netns }) => netns === place) ?? plugWith(journey, packet.daddr)
  return dropped(
    object,
    `${ip(packet.family)} route get ${packet.daddr} says: ${words}`,
    plug ? repairOf(plug) : inside(place, `${ip(packet.family)} route add ${packet.daddr} via ROUTER`),
  )
}

/** A source that is not looked for there (ip-sysctl: rp_filter). Since Linux 6.14 the kernel says EINVAL of it, before EXDEV. */
const unexpected = async (
  journey: Journey,
  place: Netns,
  { saddr }: Packet,
  iif: string,
  words: string,
): Promise<Drop | undefined> => {
  if (!/cross-device|Invalid argument/.test(words)) return undefined
  const values = await Promise.all(
    ['all', iif].map(name => journey.sight.sysctl(place, `net/ipv4/conf/${name}/rp_filter`)),
  )
  const dev = named(journey, place, iif)
  return values.some(value => Number(value) > 0)
    ? dropped(
        `rp_filter of ${dev}`,
        `packets from ${saddr} are not expected by ${iif}: the way back is another`,
        inside(place, `sysctl -w net.ipv4.conf.${iif}.rp_filter=2`),
      )
    : dropped(dev, `${saddr} is no source that may come by it`, inside(place, `ip route get ${saddr}`))
}

const plugWith = ({ sight }: Journey, address: string) =>
  sight.plugs.find(({ addresses }) => addresses.some(one => hostOf(one) === address))

/** Of the host: a container is reached by its bridge and not by what else has its subnet. */
const astray = (journey: Journey, { daddr }: Packet, { name, lower }: LinkSeen): Drop | undefined => {
  const plug = plugWith(journey, daddr)
  if (!plug?.bridge || name === plug.bridge || lower === plug.bridge || name === plug.port) return undefined
  return dropped(
    'the routes of host',
    `${daddr} is container ${plug.container} behind ${plug.bridge}, and the route leads by ${name}`,
    repairOf(plug),
  )
}

const queryOf = ({ daddr, saddr, mark }: Packet, { iif }: { readonly iif?: string }): RouteQuery => ({
  to: daddr,
  ...(saddr ? { from: saddr } : {}),
  ...(iif ? { iif } : {}),
  ...(mark ? { mark } : {}),
})

/** `ip route get 192.0.2.1 from 10.22.0.2 iif br-web` */
export const routeCommand = ({ to, from, iif, mark }: RouteQuery) =>
  [
    `${to.includes(':') ? 'ip -6' : 'ip'} route get ${to}`,
    ...(from ? [`from ${from}`] : []),
    ...(iif ? [`iif ${iif}`] : []),
    ...(mark ? [`mark ${mark}`] : []),
  ].join(' ')

const noteRoute = (journey: Journey, place: Netns, packet: Packet, way: Way, query: RouteQuery) => {
  const via = way.via ? ` via ${way.via}` : ''
  const from = query.iif ? '' : `, from ${packet.saddr}`
  const words = way.kind === 'local' ? 'it is its own' : `dev ${way.dev}`
  note(
    journey,
    place,
    packet,
    `route to ${packet.daddr}:${via} ${words}${from}`,
    inside(place, routeCommand(query)),
  )
}

/** Out by an interface, to the next hop. */
const leave = async (
  journey: Journey,
  place: Netns,
  packet: Packet,
  { dev, via }: Way,
  iif: string,
): Promise<End> => {
  const links = await journey.sight.links(place)
  const link = links.find(({ name }) => name === dev)
  if (!link) return dropped(named(journey, place, dev), 'it is gone', inside(place, 'ip link show'))
  if (!link.up)
    return dropped(named(journey, place, dev), 'it is down', inside(place, `ip link set ${dev} up`))
  const wrong =
    place === HOST
      ? (astray(journey, packet, link) ?? withoutCarrier(link) ?? tooLarge(journey, place, link, packet))
      : tooLarge(journey, place, link, packet)
  if (wrong) return wrong
  const out = await throughHook(journey, { place, hook: 'postrouting', iif, oif: dev }, packet)
  if (isDrop(out)) return out
  const target = await resolve(journey, place, link, via || out.daddr, out)
  if (isDrop(target)) return target
  return crossing(journey, place, link, { ...out, source: link.mac, target: target.mac }, target.owner)
}

/** A bridge's ports have cables of their own, and are asked later. */
const withoutCarrier = ({ name, type, operstate }: LinkSeen): Drop | undefined =>
  type !== 'bridge' && (operstate === 'DOWN' || operstate === 'LOWERLAYERDOWN')
    ? dropped(name, 'it carries nothing (no carrier)', `plug its cable in: ip -s link show ${name}`)
    : undefined

/** The sender is told (ICMP), and sends smaller ones, if that gets through. */
const tooLarge = (journey: Journey, place: Netns, { name, mtu }: LinkSeen, { size }: Packet) =>
  size > mtu
    ? dropped(
        `the MTU of ${named(journey, place, name)}`,
        `a packet of ${size} bytes does not fit into ${mtu}, and must not be cut`,
        inside(place, `ip link set ${name} mtu ${size}`),
      )
    : undefined
