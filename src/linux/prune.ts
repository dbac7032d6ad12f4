/** Networks without attachments: what they share is taken away (pain 22). */

import { CniError, codes } from '../../cni/errors.ts'
import { withLock } from '../../ipam/lock.ts'
import { iptablesComment, isPlugOf, nftSuffix, readPlugNetwork } from '../networks/marks.ts'
import { remains } from '../networks/remains.ts'
import { applyAll } from '../plan/apply.ts'
import { type Explained, explain } from '../plan/explain.ts'
import { HOST } from '../plan/netns.ts'
import type { ObservedLink } from '../plan/observed.ts'
import { planRemoval } from '../plan/plan.ts'
import { detour } from '../services/shaping.ts'
import { hasLivingOwners } from './alive.ts'
import { driver } from './driver.ts'
import {
  allPlugLinks,
  guestsOf,
  networkLinks,
  networksOfRules,
  secludedBridges,
  strayIfbs,
} from './evidence.ts'
import { findTool } from './exec.ts'
import { forgetIds } from './ids.ts'
import { observe } from './observe.ts'
import { restoreSysctls } from './originals.ts'
import { forgetNetwork, recordsIn } from './records.ts'
import { livingRecords } from './revival.ts'
import { hostLock } from './state.ts'
import { takeoversOf } from './takeovers.ts'
import { type Tell, toNobody } from './tell.ts'

export interface Pruned {
  readonly network: string
  /** If it is in use, only what containers left that are gone. */
  readonly steps: readonly Explained[]
  readonly inUse: boolean
}

/**
 * @param only a network's name; all networks without it
 * @param dryRun say what would be done, touch nothing
 * @param sysctls also set the host's kernel parameters back, if no network is left
 */
export const prune = (only: string | undefined, dryRun: boolean, sysctls: boolean, tell: Tell = toNobody) =>
  withLock(hostLock(), async () => {
    const links = await networkLinks()
    const withIptables = (await findTool('iptables-save')) !== undefined
    const withNft = (await findTool('nft')) !== undefined
    const plugs = await allPlugLinks()
    const strays = await strayIfbs()
    const known = [
      ...links.map(({ network }) => network),
      ...plugs.flatMap(({ alias }) => readPlugNetwork(alias) ?? []),
    ]
    // The names of rules are short for long names.
    const ofRules = (await networksOfRules(withIptables)).map(
      name =>
        known.find(one => nftSuffix(one) === `/${name}` || iptablesComment(one) === iptablesComment(name)) ??
        name,
    )
    const owners = strays.map(({ owner }) => owner.network)
    const all = new Set([...links.map(({ network }) => network), ...ofRules, ...owners])
    if (only !== undefined && !all.has(only))
      throw new CniError(
        codes.badConfig,
        `network '${only}' has nothing here`,
        `there are: ${[...all].join(', ') || 'none'}`,
      )
    const pruned: Pruned[] = []
    const chosen = only === undefined ? [...all] : [only]
    for (const [n, network] of chosen.entries()) {
      tell(n, chosen.length, network)
      const mine = links.filter(one => one.network === network)
      const bridges = mine.filter(({ type }) => type === 'bridge')
      const taken = takeoversOf(bridges.map(({ name }) => name))
      const guests = (await Promise.all(bridges.map(({ name }) => guestsOf(name))))
        .flat()
        .filter(name => !taken.some(one => 'dev' in one && one.dev === name))
      const inUse =
        guests.length > 0 ||
        plugs.some(({ alias }) => isPlugOf(network, alias)) ||
        (await livingRecords([network])).length > 0 ||
        (mine.length === 0 && ((await hasLivingOwners(network)) || (await hasForgotten(network, plugs))))
      const shared = inUse
        ? []
        : [...remains(network, mine, { nft: withNft, iptables: withIptables }), ...taken]
      const lost = strays.filter(({ owner }) => owner.network === network)
      const desired = [...lost.map(({ owner, port }) => detour(owner, HOST, port)), ...shared]
      const steps = planRemoval(desired, await observe(desired))
      if (!dryRun) await applyAll(steps, driver)
      if (!dryRun && !inUse) {
        forgetIds(network)
        forgetNetwork(network)
      }
      pruned.push({ network, inUse, steps: explain(steps) })
    }
    const left = pruned.some(({ inUse }) => inUse) || pruned.length < all.size
    return { pruned, restored: sysctls && !left ? await restoreSysctls(dryRun) : [] }
  })

/** Another plugin's cables have no mark of ours: where no record is left, the bridge tells that somebody is there. */
const hasForgotten = async (network: string, veths: readonly ObservedLink[]): Promise<boolean> => {
  if (recordsIn(network).length) return false
  const bridges = await secludedBridges(network)
  return veths.some(({ master }) => bridges.includes(master))
}
