/** Routing tables of a container for source-based routing (ip-rule(8)). */

import { familyOf, hostOf } from '../../ipam/cidr.ts'
import type { Route } from '../../ipam/lease.ts'
import { LINK_SCOPE } from '../networks/gateway.ts'
import { MAIN, toRoute } from '../plan/kinds/route.ts'
import type { Netns } from '../plan/netns.ts'
import { KERNEL } from '../plan/observed.ts'
import { seeAllRoutes, seeRules } from './look.ts'

/** Where the reference `sbr` begins to count. */
const FIRST = 100

export interface Ways {
  /** One for each address. */
  readonly tables: readonly number[]
  /** Those of the interface in the main table, but what the kernel made of its addresses. */
  readonly routes: readonly Route[]
}

/**
 * A table for each address: the one by which it is routed already, else the next that no rule and no route uses.
 * @param addresses `10.22.0.2/24`
 * @param first 0: where the reference begins
 */
export const waysOf = async (
  netns: Netns,
  dev: string,
  addresses: readonly string[],
  first: number,
): Promise<Ways> => {
  const rules = [...(await seeRules(netns, 4)), ...(await seeRules(netns, 6))]
  const all = [...(await seeAllRoutes(netns, 4)), ...(await seeAllRoutes(netns, 6))]
  const used = new Set([...rules, ...all].map(({ table }) => Number(table)))
  const tables = addresses.map(address => {
    const table = rules.find(({ from }) => from === hostOf(address))?.table ?? nextFree(used, first || FIRST)
    used.add(table)
    return table
  })
  const routes = all.filter(one => one.dev === dev && one.table === String(MAIN) && one.protocol !== KERNEL)
  return { tables, routes: routes.map(one => wayOf(toRoute(one))) }
}

/** The same route for another table; one on the link stays so, whatever gateway there is. */
const wayOf = ({ dst, gw, mtu, advmss }: Route): Route => ({
  dst,
  gw,
  mtu,
  advmss,
  ...(gw || familyOf(dst) === 6 ? {} : { scope: LINK_SCOPE }),
})

const nextFree = (used: ReadonlySet<number>, from: number): number =>
  used.has(from) ? nextFree(used, from + 1) : from
