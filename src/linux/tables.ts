/** Routing tables of a container for source-based routing (ip-rule(8)). */

import { familyOf, hostOf } from '../../ipam/cidr.ts'
import type { Route } from '../../ipam/lease.ts'
import { LINK_SCOPE } from '../networks/gateway.ts'
import { MAIN, toRoute } from '../plan/kinds/route.ts'
import type { Netns } from '../plan/netns.ts'
import { KERNEL } from '../plan/observed.ts'
import { routesOf, ruleOf } from './ipjson.ts'
import { ipShow } from './iproute2.ts'

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
  const [v4, v6] = await Promise.all(([4, 6] as const).map(family => shown(netns, family)))
  const [all, rules] = [
    [...v4!.all, ...v6!.all],
    [...v4!.rules, ...v6!.rules],
  ]
  const used = new Set(all.map(({ table }) => Number(table ?? MAIN)))
  const tables = addresses.map(address => {
    const table = rules.find(({ from }) => from === hostOf(address))?.table ?? nextFree(used, first || FIRST)
    used.add(table)
    return table
  })
  const routes = [...v4!.routes, ...v6!.routes].filter(
    one => one.dev === dev && one.table === String(MAIN) && one.protocol !== KERNEL,
  )
  return { tables, routes: routes.map(one => wayOf(toRoute(one))) }
}

const shown = async (netns: Netns, family: 4 | 6) => {
  const all = await ipShow(netns, ['rule show', 'route show table all'], [`-${family}`, '-N'])
  return {
    all,
    rules: all.flatMap(one => ('src' in one ? ruleOf(one) : [])),
    routes: all.flatMap(one => ('dst' in one ? routesOf(one, family) : [])),
  }
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
