/** Networks without attachments: what they share is taken away (pain 22). */

import { CniError, codes } from '../../cni/errors.ts'
import { withLock } from '../../ipam/lock.ts'
import { isPlugOf } from '../networks/marks.ts'
import { remains } from '../networks/remains.ts'
import { applyAll } from '../plan/apply.ts'
import { type Explained, explain } from '../plan/explain.ts'
import { planRemoval } from '../plan/plan.ts'
import { driver } from './driver.ts'
import { allPlugLinks, networkLinks, networksOfRules, portsOf } from './evidence.ts'
import { findTool } from './exec.ts'
import { observe } from './observe.ts'
import { restoreSysctls } from './originals.ts'
import { hostLock } from './state.ts'

export interface Pruned {
  readonly network: string
  /** Empty if it is in use. */
  readonly steps: readonly Explained[]
  readonly inUse: boolean
}

/**
 * @param only a network's name; all networks without it
 * @param dryRun say what would be done, touch nothing
 * @param sysctls also set the host's kernel parameters back, if no network is left
 */
export const prune = (only: string | undefined, dryRun: boolean, sysctls: boolean) =>
  withLock(hostLock(), async () => {
    const bridges = await networkLinks()
    const withIptables = (await findTool('iptables-save')) !== undefined
    const plugs = await allPlugLinks()
    const all = new Set([...bridges.map(({ network }) => network), ...(await networksOfRules(withIptables))])
    if (only !== undefined && !all.has(only))
      throw new CniError(
        codes.badConfig,
        `network '${only}' has nothing here`,
        `there are: ${[...all].join(', ') || 'none'}`,
      )
    const pruned: Pruned[] = []
    for (const network of only === undefined ? all : [only]) {
      const mine = bridges.filter(one => one.network === network).map(({ name }) => name)
      const ports = (await Promise.all(mine.map(portsOf))).flat()
      const inUse = ports.length > 0 || plugs.some(({ alias }) => isPlugOf(network, alias))
      const desired = inUse ? [] : remains(network, mine, withIptables)
      const steps = planRemoval(desired, await observe(desired))
      if (!dryRun) await applyAll(steps, driver)
      pruned.push({ network, inUse, steps: explain(steps) })
    }
    const left = pruned.some(({ inUse }) => inUse) || pruned.length < all.size
    return { pruned, restored: sysctls && !left ? await restoreSysctls(dryRun) : [] }
  })
