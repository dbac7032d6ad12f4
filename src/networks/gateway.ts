/** Which gateways and routes a container gets, beyond what its lease says. Pure. */

import { familyOf, firstAddressOf, hostOf } from '../../ipam/cidr.ts'
import type { Lease, Route } from '../../ipam/lease.ts'
import type { NetConf, Routed } from './network.ts'

export const DEFAULT_ROUTE = { 4: '0.0.0.0/0', 6: '::/0' } as const

/**
 * Fills in what the reference `bridge` fills in: with `isGateway`, the subnet's first address
 * where the lease names no gateway; with `isDefaultGateway`, a default route for each family that has none
 * (there the reference adds a second one, and fails, if that of the lease names no gateway).
 */
export const routed = (conf: NetConf, lease: Lease): Routed => {
  const addresses = lease.addresses.map(one => ({
    ...one,
    gateway: one.gateway ?? (conf.isGateway ? firstAddressOf(one.address) : undefined),
  }))
  const hasDefault = (family: 4 | 6) =>
    lease.routes.some(({ dst, table }) => dst === DEFAULT_ROUTE[family] && table === undefined)
  const defaults = ([4, 6] as const).flatMap((family): Route[] => {
    const gw = addresses.find(({ address }) => familyOf(address) === family)?.gateway
    return conf.isDefaultGateway && gw && !hasDefault(family) ? [{ dst: DEFAULT_ROUTE[family], gw }] : []
  })
  return { ...lease, addresses, routes: [...lease.routes, ...defaults] }
}

/** Addresses of all gateways of the pool, the configuration's first one first: the same for every container. */
export const allGateways = ({ addresses, otherGateways = [] }: Routed): string[] => [
  ...new Set([...otherGateways.map(hostOf), ...addresses.flatMap(({ gateway }) => gateway ?? [])]),
]

/** Routes as the kernel gets them: one without a gateway goes by its family's, if there is one. */
export const viaGateway = ({ addresses, routes }: Routed): Route[] =>
  routes.map(route => {
    const gw = route.gw ?? addresses.find(({ address }) => familyOf(address) === familyOf(route.dst))?.gateway
    return gw === undefined || route.scope === LINK_SCOPE ? route : { ...route, gw }
  })

/** RT_SCOPE_LINK of rtnetlink(7): such a route has no gateway. */
export const LINK_SCOPE = 253
