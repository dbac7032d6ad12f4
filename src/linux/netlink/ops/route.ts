/** Ops of routes as messages (ip-route(8)). Pure. */

import { parseCidr } from '../../../../ipam/address.ts'
import { familyOf } from '../../../../ipam/cidr.ts'
import type { RouteOp } from '../../../plan/kinds/route.ts'
import {
  AF_INET,
  AF_INET6,
  RT_SCOPE,
  RT_TABLE_MAIN,
  RTM_DELROUTE,
  RTM_NEWROUTE,
  RTN_UNICAST,
  RTPROT_BOOT,
  route,
} from '../headers/rtnetlink.ts'
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, type Request, request } from '../message.ts'
import type { Lookup } from './lookup.ts'

/** Protocols by name and gateways of the other family only ip(8) knows. */
export const hasRouteMessage = ({ to: { dst, gw, protocol = '' } }: RouteOp): boolean =>
  (!gw || familyOf(gw) === familyOf(dst)) && /^\d*$/.test(protocol)

export const routeRequest = ({ op, dev, to }: RouteOp, { index }: Lookup): Request => {
  const { address, prefix } = parseCidr(to.dst)
  const { family } = address
  const isNew = op !== 'route.del'
  const { gw, table = RT_TABLE_MAIN, protocol = String(RTPROT_BOOT) } = to
  const body = {
    rtm_family: family === 4 ? AF_INET : AF_INET6,
    rtm_dst_len: prefix,
    // A larger number has an attribute of its own.
    rtm_table: table < 256 ? table : 0,
    rtm_protocol: isNew || to.protocol ? Number(protocol) : 0,
    rtm_scope: to.scope ?? usualScope(family, isNew, gw),
    rtm_type: isNew ? RTN_UNICAST : 0,
    RTA_DST: address.text,
    RTA_GATEWAY: gw,
    RTA_OIF: index(dev),
    RTA_PRIORITY: to.priority,
    RTA_TABLE: table < 256 ? undefined : table,
    RTA_PREFSRC: to.src,
    RTA_METRICS: to.mtu || to.advmss ? { RTAX_MTU: to.mtu, RTAX_ADVMSS: to.advmss } : undefined,
  }
  switch (op) {
    case 'route.add':
      return request(RTM_NEWROUTE, route, body, NLM_F_CREATE | NLM_F_EXCL)
    case 'route.replace':
      return request(RTM_NEWROUTE, route, body, NLM_F_CREATE | NLM_F_REPLACE)
    case 'route.del':
      return request(RTM_DELROUTE, route, body)
  }
}

/** What ip(8) takes where it is not told: IPv6 has no scopes of routes. */
const usualScope = (family: 4 | 6, isNew: boolean, gw?: string) => {
  if (family === 6) return RT_SCOPE.global
  if (!isNew) return RT_SCOPE.nowhere
  return gw ? RT_SCOPE.global : RT_SCOPE.link
}
