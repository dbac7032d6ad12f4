/** Routes of one interface, what `ip -j -d -N route show table all dev` makes of them. */

import { familyOf } from '../../../ipam/cidr.ts'
import type { Netns } from '../../plan/netns.ts'
import type { ObservedRoute } from '../../plan/observed.ts'
import { NetlinkError } from './errno.ts'
import {
  AF_INET,
  AF_INET6,
  type RouteBody,
  RTM_F_CLONED,
  RTM_GETROUTE,
  RTN_LOCAL,
  RTN_UNICAST,
  route,
} from './headers/rtnetlink.ts'
import { getLink, indexOf } from './links.ts'
import { request } from './message.ts'
import { netlink } from './socket.ts'

/** @returns undefined without netlink; none if there is no such interface. @throws NetnsError, NetlinkError */
export const routesOf = async (
  netns: Netns,
  family: 4 | 6,
  dev: string,
): Promise<ObservedRoute[] | undefined> => {
  const socket = await netlink(netns, 'route')
  if (!socket) return undefined
  const RTA_OIF = indexOf(socket, dev)
  if (RTA_OIF === undefined) return []
  const rtm_family = family === 4 ? AF_INET : AF_INET6
  return (
    socket
      .dump(request(RTM_GETROUTE, route, { rtm_family, RTA_OIF }))
      .map(route.decode)
      // Older kernels do not look at what was asked for.
      .filter(one => one.RTA_OIF === RTA_OIF && !((one.rtm_flags ?? 0) & RTM_F_CLONED))
      .map(one => routeOf(one, family))
  )
}

/**
 * All routes of the namespace, of all tables, and by which interface each goes.
 * @returns undefined without netlink, or where one has several ways: ip(8) takes them apart
 */
export const allRoutes = async (netns: Netns, family: 4 | 6): Promise<RouteBy[] | undefined> => {
  const socket = await netlink(netns, 'route')
  if (!socket) return undefined
  const rtm_family = family === 4 ? AF_INET : AF_INET6
  const found = socket
    .dump(request(RTM_GETROUTE, route, { rtm_family }))
    .map(route.decode)
    .filter(one => !((one.rtm_flags ?? 0) & RTM_F_CLONED))
  if (found.some(one => one.RTA_OIF === undefined && one.rtm_type === RTN_UNICAST)) return undefined
  const names = new Map<number, string>()
  const nameOf = (ifi_index: number) => {
    const name = names.get(ifi_index) ?? getLink(socket, { ifi_index })?.IFLA_IFNAME ?? ''
    names.set(ifi_index, name)
    return name
  }
  return found.map(one => ({
    ...routeOf(one, family),
    dev: one.RTA_OIF === undefined ? '' : nameOf(one.RTA_OIF),
  }))
}

/** A route, and the interface that it goes by; empty for one that leads nowhere. */
export interface RouteBy extends ObservedRoute {
  readonly dev: string
}

/** Whether an address (without prefix length) is the namespace's own: where would it be sent? */
export const isLocal = async (netns: Netns, address: string): Promise<boolean | undefined> => {
  const socket = await netlink(netns, 'route')
  if (!socket) return undefined
  const [rtm_family, rtm_dst_len] = familyOf(address) === 4 ? [AF_INET, 32] : [AF_INET6, 128]
  try {
    const body = socket.get(request(RTM_GETROUTE, route, { rtm_family, rtm_dst_len, RTA_DST: address }))
    return route.decode(body).rtm_type === RTN_LOCAL
  } catch (error) {
    // Nowhere: there is no route to it.
    if (error instanceof NetlinkError) return false
    throw error
  }
}

const routeOf = (body: RouteBody, family: 4 | 6): ObservedRoute => {
  const { RTA_DST = family === 4 ? '0.0.0.0' : '::', RTA_METRICS: metrics = {} } = body
  return {
    family,
    dst: `${RTA_DST}/${body.rtm_dst_len}`,
    gw: body.RTA_GATEWAY ?? '',
    table: String(body.RTA_TABLE ?? body.rtm_table),
    priority: body.RTA_PRIORITY ?? 0,
    mtu: metrics.RTAX_MTU ?? 0,
    advmss: metrics.RTAX_ADVMSS ?? 0,
    protocol: String(body.rtm_protocol),
    src: body.RTA_PREFSRC ?? '',
    scope: body.rtm_scope ?? 0,
  }
}
