/** Which way a packet goes from a namespace: the kernel's own answer, and why it has none. */

import { hostOf } from '../../../ipam/cidr.ts'
import type { Netns } from '../../plan/netns.ts'
import { type Drop, dropped, inside, ip, type Journey, named, note, repairOf, whereOf } from './journey.ts'
import { missingLink } from './linkstate.ts'
import type { Packet } from './packet.ts'
import type { LinkSeen, RouteQuery, RouteSeen } from './sight.ts'

export type Way = Exclude<RouteSeen, { kind: 'refused' }>

/** @param iif the interface that it came by; without it, it is made here */
export const routed = async (
  journey: Journey,
  place: Netns,
  packet: Packet,
  iif?: string,
): Promise<Way | Drop> => {
  const route = await journey.sight.route(place, queryOf(packet, iif))
  if (route.kind !== 'refused') return route
  const { words } = route
  const martian = iif ? await unexpected(journey, place, packet, iif, words) : undefined
  if (martian) return martian
  const missing = iif === undefined ? await missingLink(journey, place) : undefined
  if (missing) return missing
  const plug = journey.sight.plugs.find(({ netns }) => netns === place) ?? plugWith(journey, packet.daddr)
  return dropped(
    `the routes of ${whereOf(journey, place)}`,
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

/** Whose an address was leased to be. */
export const plugWith = ({ sight }: Journey, address: string) =>
  sight.plugs.find(({ addresses }) => addresses.some(one => hostOf(one) === address))

/** Of the host: a container is reached by its bridge and not by what else has its subnet. */
export const astray = (journey: Journey, { daddr }: Packet, { name, lower }: LinkSeen): Drop | undefined => {
  const plug = plugWith(journey, daddr)
  if (!plug?.bridge || name === plug.bridge || lower === plug.bridge || name === plug.port) return undefined
  return dropped(
    'the routes of host',
    `${daddr} is container ${plug.container} behind ${plug.bridge}, and the route leads by ${name}`,
    repairOf(plug),
  )
}

const queryOf = ({ daddr, saddr, mark }: Packet, iif?: string): RouteQuery => ({
  to: daddr,
  ...(saddr ? { from: saddr } : {}),
  ...(iif ? { iif } : {}),
  ...(mark ? { mark } : {}),
})

/** `ip route get 192.0.2.1 from 10.22.0.2 iif br-web` */
const routeCommand = ({ to, from, iif, mark }: RouteQuery) =>
  [
    `${to.includes(':') ? 'ip -6' : 'ip'} route get ${to}`,
    ...(from ? [`from ${from}`] : []),
    ...(iif ? [`iif ${iif}`] : []),
    ...(mark ? [`mark ${mark}`] : []),
  ].join(' ')

export const noteRoute = (journey: Journey, place: Netns, packet: Packet, way: Way, iif?: string) => {
  const via = way.via ? ` via ${way.via}` : ''
  const from = iif ? '' : `, from ${packet.saddr}`
  const words = way.kind === 'local' ? 'it is its own' : `dev ${way.dev}`
  note(
    journey,
    place,
    packet,
    `route to ${packet.daddr}:${via} ${words}${from}`,
    inside(place, routeCommand(queryOf(packet, iif))),
  )
}
