/** Routing tables of a container for source-based routing (ip-rule(8)). */

import { hostOf } from '../../ipam/cidr.ts'
import type { Netns } from '../plan/netns.ts'
import { ruleOf } from './ipjson.ts'
import { ipShow } from './iproute2.ts'

/** Where the reference `sbr` begins to count. */
const FIRST = 100

/**
 * A table for each address: the one by which it is routed already, else the next that no rule and no route uses.
 * @param addresses `10.22.0.2/24`
 * @param first 0: where the reference begins
 */
export const tablesFor = async (
  netns: Netns,
  addresses: readonly string[],
  first: number,
): Promise<number[]> => {
  const lines = ['rule show', 'route show table all']
  const shown = (
    await Promise.all(([4, 6] as const).map(family => ipShow(netns, lines, [`-${family}`, '-N'])))
  ).flat()
  const rules = shown.flatMap(one => ('src' in one ? ruleOf(one) : []))
  const used = new Set(shown.map(({ table }) => Number(table ?? 0)))
  return addresses.map(address => {
    const mine = rules.find(({ from }) => from === hostOf(address))
    const table = mine?.table ?? nextFree(used, first || FIRST)
    used.add(table)
    return table
  })
}

const nextFree = (used: ReadonlySet<number>, from: number): number =>
  used.has(from) ? nextFree(used, from + 1) : from
