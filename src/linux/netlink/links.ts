/** Links as the kernel has them, asked for by name or number; what `ip -j -d addr show` makes of them. */

import type { Family } from '../../../ipam/address.ts'
import { grouped } from '../../../ipam/record.ts'
import type { Netns } from '../../plan/netns.ts'
import type { ObservedAddress, ObservedLink } from '../../plan/observed.ts'
import { NetlinkError } from './errno.ts'
import {
  addr,
  IFA_F_DADFAILED,
  IFA_F_NOPREFIXROUTE,
  IFA_F_TENTATIVE,
  RTM_GETADDR,
} from './headers/if_addr.ts'
import {
  IFF_ALLMULTI,
  IFF_PROMISC,
  IFF_UP,
  IFLA_BRPORT,
  ifinfomsg,
  type LinkBody,
  link,
  RTEXT_FILTER_SKIP_STATS,
  RTM_GETLINK,
} from './headers/if_link.ts'
import { AF_INET, AF_INET6, RT_SCOPE } from './headers/rtnetlink.ts'
import { notedIndex, noteIndex } from './indexes.ts'
import { decodeDetails } from './linktypes.ts'
import { request } from './message.ts'
import { type Netlink, netlink } from './socket.ts'

const ENODEV = 19

/** One link; undefined if there is none. */
export const getLink = (route: Netlink, which: LinkBody): LinkBody | undefined => {
  const body = linkBody(route, which)
  return body && link.decode(body)
}

/** The number of the link of that name, if there is one. */
export const indexOf = (route: Netlink, name: string): number | undefined => {
  const body = linkBody(route, { IFLA_IFNAME: name })
  const index = body && ifinfomsg.decode(body).ifi_index
  noteIndex(route, name, index)
  return index
}

/** The same, without a look where it was seen already: it may be another's by now. */
export const knownIndexOf = (route: Netlink, name: string): number | undefined =>
  notedIndex(route, name) ?? indexOf(route, name)

const linkBody = (route: Netlink, which: LinkBody): Buffer | undefined => {
  try {
    return route.get(request(RTM_GETLINK, link, { ...which, IFLA_EXT_MASK: RTEXT_FILTER_SKIP_STATS }))
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === ENODEV) return undefined
    throw error
  }
}

/**
 * Those of these names that are there.
 * @param families of the addresses to be looked at
 * @returns undefined without netlink
 * @throws NetnsError, NetlinkError
 */
export const linksNamed = async (
  netns: Netns,
  names: readonly string[],
  families: readonly Family[],
): Promise<ObservedLink[] | undefined> => {
  const route = await netlink(netns, 'route')
  return route && names.flatMap(name => observedLink(route, name, families) ?? [])
}

/** What a bridge says of a port: of an interface that is none, nothing. */
export interface PortState {
  /** Of <linux/if_bridge.h>, in words: `forwarding`. */
  readonly state?: string
}

/** @returns null if there is no such interface, undefined without netlink. @throws NetnsError, NetlinkError */
export const portState = async (netns: Netns, name: string): Promise<PortState | null | undefined> => {
  const route = await netlink(netns, 'route')
  if (!route) return undefined
  const body = getLink(route, { IFLA_IFNAME: name })
  return body ? { state: portIn(body)?.state } : null
}

/** Which links: all of a type, or all ports of a bridge. */
export interface Which {
  readonly type?: string
  readonly master?: string
}

/** All such links of the namespace, without their addresses. @returns undefined without netlink */
export const linksLike = async (
  netns: Netns,
  { type, master }: Which = {},
): Promise<ObservedLink[] | undefined> => {
  const route = await netlink(netns, 'route')
  if (!route) return undefined
  const of = master === undefined ? undefined : indexOf(route, master)
  if (master !== undefined && of === undefined) return []
  const names = new Map<number | undefined, string>()
  const name = (index?: number) => {
    const found = names.get(index) ?? nameOf(route)(index)
    names.set(index, found)
    return found
  }
  return route
    .dump(
      request(RTM_GETLINK, link, {
        IFLA_EXT_MASK: RTEXT_FILTER_SKIP_STATS,
        IFLA_MASTER: of,
        IFLA_LINKINFO: type === undefined ? undefined : { IFLA_INFO_KIND: type },
      }),
    )
    .map(link.decode)
    .filter(
      body =>
        (of === undefined || body.IFLA_MASTER === of) &&
        (type === undefined || body.IFLA_LINKINFO?.IFLA_INFO_KIND === type),
    )
    .map(body => linkOf(body, [], name))
}

/** All links of the namespace, with their addresses: two dumps, however many there are. @returns undefined without netlink */
export const allLinks = async (netns: Netns): Promise<ObservedLink[] | undefined> => {
  const route = await netlink(netns, 'route')
  if (!route) return undefined
  const bodies = route
    .dump(request(RTM_GETLINK, link, { IFLA_EXT_MASK: RTEXT_FILTER_SKIP_STATS }))
    .map(link.decode)
  const names = new Map(bodies.map(({ ifi_index, IFLA_IFNAME }) => [ifi_index, IFLA_IFNAME ?? '']))
  const addresses = grouped(route.dump(request(RTM_GETADDR, addr, {})).map(addr.decode), one =>
    String(one.ifa_index),
  )
  const name = (index = 0) => names.get(index) ?? ''
  return bodies.map(body => linkOf(body, (addresses.get(String(body.ifi_index)) ?? []).map(addressOf), name))
}

const observedLink = (
  route: Netlink,
  name: string,
  families: readonly Family[],
): ObservedLink | undefined => {
  const body = getLink(route, { IFLA_IFNAME: name })
  noteIndex(route, name, body?.ifi_index)
  return body && linkOf(body, addressesOf(route, body.ifi_index ?? 0, families), nameOf(route))
}

/** The name of an interface in the socket's namespace; none for 0. */
const nameOf =
  (route: Netlink) =>
  (index = 0): string =>
    (index && getLink(route, { ifi_index: index })?.IFLA_IFNAME) || ''

const addressesOf = (route: Netlink, ifa_index: number, families: readonly Family[]): ObservedAddress[] =>
  families.flatMap(family =>
    route
      .dump(request(RTM_GETADDR, addr, { ifa_family: family === 4 ? AF_INET : AF_INET6, ifa_index }))
      .map(addr.decode)
      // Kernels before 4.20 do not look at what was asked for.
      .filter(one => one.ifa_index === ifa_index)
      .map(addressOf),
  )

/** All of a namespace, without prefix lengths. @returns undefined without netlink */
export const allAddresses = async (netns: Netns): Promise<string[] | undefined> =>
  (await netlink(netns, 'route'))
    ?.dump(request(RTM_GETADDR, addr, {}))
    .map(addr.decode)
    .flatMap(({ IFA_LOCAL, IFA_ADDRESS }) => IFA_LOCAL ?? IFA_ADDRESS ?? [])

type AddrBody = ReturnType<typeof addr.decode>

const addressOf = (body: AddrBody): ObservedAddress => {
  const { ifa_prefixlen, ifa_scope, IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST, IFA_RT_PRIORITY } = body
  const flags = body.IFA_FLAGS ?? body.ifa_flags ?? 0
  const words = [
    ...(IFA_BROADCAST ? ['brd', IFA_BROADCAST] : []),
    ...(IFA_RT_PRIORITY ? ['metric', IFA_RT_PRIORITY] : []),
    ...(flags & IFA_F_NOPREFIXROUTE ? ['noprefixroute'] : []),
  ]
  return {
    address: `${IFA_LOCAL ?? IFA_ADDRESS}/${ifa_prefixlen}`,
    scope: Object.keys(RT_SCOPE).find(name => RT_SCOPE[name] === ifa_scope) ?? String(ifa_scope),
    tentative: (flags & IFA_F_TENTATIVE) !== 0,
    dadFailed: (flags & IFA_F_DADFAILED) !== 0,
    words: words.join(' '),
  }
}

/** Pure, but for the names of other links. */
const linkOf = (
  body: LinkBody,
  addresses: readonly ObservedAddress[],
  name: (index?: number) => string,
): ObservedLink => {
  const { ifi_flags: flags = 0, IFLA_LINKINFO: info = {} } = body
  const type = info.IFLA_INFO_KIND ?? ''
  return {
    name: body.IFLA_IFNAME ?? '',
    index: body.ifi_index ?? 0,
    type,
    mac: body.IFLA_ADDRESS ?? '',
    mtu: body.IFLA_MTU ?? 0,
    up: (flags & IFF_UP) !== 0,
    operstate: body.IFLA_OPERSTATE ?? '',
    promisc: (flags & IFF_PROMISC) !== 0,
    allmulti: (flags & IFF_ALLMULTI) !== 0,
    txQLen: body.IFLA_TXQLEN ?? 0,
    alias: body.IFLA_IFALIAS ?? '',
    master: name(body.IFLA_MASTER),
    // In another namespace the number means something else.
    lower: body.IFLA_LINK_NETNSID === undefined ? name(body.IFLA_LINK) : '',
    details: info.IFLA_INFO_DATA ? decodeDetails(type, info.IFLA_INFO_DATA) : {},
    port: portIn(body),
    addresses,
  }
}

const portIn = ({ IFLA_LINKINFO: info = {} }: LinkBody): ObservedLink['port'] => {
  if (info.IFLA_INFO_SLAVE_KIND !== 'bridge') return undefined
  const data = info.IFLA_INFO_SLAVE_DATA ?? Buffer.alloc(0)
  const { IFLA_BRPORT_MODE, IFLA_BRPORT_ISOLATED, IFLA_BRPORT_STATE } = IFLA_BRPORT.decode(data)
  return {
    hairpin: IFLA_BRPORT_MODE ?? false,
    isolated: IFLA_BRPORT_ISOLATED ?? false,
    state: IFLA_BRPORT_STATE ?? '',
  }
}
