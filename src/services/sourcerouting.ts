/**
 * What comes from an address of an interface leaves by that interface (the reference `sbr`): a container on several
 * networks answers where it was asked. A table for each address: its subnet, the interface's routes, its gateway.
 */

import { familyOf, hostOf, networkOf, overlaps } from '../../ipam/cidr.ts'
import type { Route } from '../../ipam/lease.ts'
import { DEFAULT_ROUTE, LINK_SCOPE } from '../networks/gateway.ts'
import type { Desired } from '../plan/kinds/index.ts'
import type { Endpoint, Service } from './service.ts'

export const sourcerouting: Service = {
  plug(conf, endpoint) {
    const { owner, netns, addresses, tables } = endpoint
    if (!netns || !(tables || conf.sourceRouting)) return []
    const common = {
      scope: 'attachment',
      netns,
      why: 'sourceRouting: an answer leaves as the question came',
    } as const
    const outlived = conf.mode === 'chained'
    const own = addresses.flatMap((address, n): Desired[] => {
      const table = tables?.[n]
      const routes = table === undefined ? [] : routesOf(address, endpoint)
      return [
        ...routes.map(
          (to): Desired => ({ ...common, kind: 'route', dev: owner.ifname, to: { ...to, table }, outlived }),
        ),
        { ...common, kind: 'rule', from: hostOf(address), table },
      ]
    })
    // Of ours the main table keeps what was free there; of others' the plugins before may have put anything in it.
    return outlived ? [...own, { ...common, kind: 'unroute', dev: owner.ifname }] : own
  },
}

/** What is on the link first, for a gateway must be known to be there. */
const routesOf = (address: string, { gateways, routes = [] }: Endpoint): Route[] => {
  const family = familyOf(address)
  const ofFamily = gateways.filter(one => familyOf(one) === family)
  const gateway = ofFamily.find(one => isNear(address, one)) ?? ofFamily[0]
  const mine = routes
    .filter(
      ({ dst, gw, table }) => familyOf(dst) === family && table === undefined && (!gw || isNear(address, gw)),
    )
    .map(route => (route.gw || !gateway || route.scope === LINK_SCOPE ? route : { ...route, gw: gateway }))
  const leads = (to: string) => mine.some(({ dst }) => dst === to)
  const subnet = networkOf(address)
  return [
    // Where it is not on the link, as behind ptp, a route says so.
    ...(leads(subnet) ? [] : [{ dst: subnet }]),
    ...mine.toSorted((a, b) => Number(Boolean(a.gw)) - Number(Boolean(b.gw))),
    ...(gateway && !leads(DEFAULT_ROUTE[family]) ? [{ dst: DEFAULT_ROUTE[family], gw: gateway }] : []),
  ]
}

const isNear = (address: string, other: string) =>
  familyOf(address) === familyOf(other) && overlaps(address, `${other}/${familyOf(other) === 4 ? 32 : 128}`)
