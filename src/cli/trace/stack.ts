/** IP in one namespace: what is sent, received, passed on; netfilter's hooks in their places. */

import { hostOf } from '../../../ipam/cidr.ts'
import { HOST, type Netns } from '../../plan/netns.ts'
import { crossing } from './cable.ts'
import { type Drop, dropped, type End, inside, isDrop, type Journey, named, whereOf } from './journey.ts'
import { missingLink } from './linkstate.ts'
import { resolve } from './neighbours.ts'
import type { Packet } from './packet.ts'
import { astray, noteRoute, routed, type Way } from './routes.ts'
import { throughHook } from './rules.ts'
import type { LinkSeen } from './sight.ts'

/** A process in `place` sends. */
export const send = async (journey: Journey, place: Netns, asked: Packet): Promise<End> => {
  const first = await routed(journey, place, asked)
  if (isDrop(first)) return first
  const packet = { ...asked, saddr: asked.saddr || first.source || asked.daddr }
  const homeless = isLinkLocal(packet.saddr) && !isLinkLocal(packet.daddr)
  const without = homeless ? await missingLink(journey, place) : undefined
  if (without) return without
  noteRoute(journey, place, packet, first)
  const out = await throughHook(journey, { place, hook: 'output', oif: first.dev }, packet)
  if (isDrop(out)) return out
  const way = out.daddr === packet.daddr ? first : await routed(journey, place, out)
  if (isDrop(way)) return way
  if (way !== first) noteRoute(journey, place, out, way)
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
  const way = refusal ?? (await routed(journey, place, came, name))
  if (isDrop(way)) return way
  if (way.kind === 'local') return deliver(journey, place, came, name)
  noteRoute(journey, place, came, way, name)
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
  return crossing(
    journey,
    place,
    link,
    { ...out, room: link.mtu, source: link.mac, target: target.mac },
    target.owner,
  )
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
