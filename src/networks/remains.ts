/** All that networks share and may leave behind when their last container is gone, whatever their mode was. */

import type { Desired } from '../plan/kinds/index.ts'
import { HOST } from '../plan/netns.ts'
import { iptablesRemains } from '../services/masquerade.ts'
import { networkAlias, nftSuffix, TABLES } from './marks.ts'

/**
 * @param bridges those that say they are the network's
 * @param withIptables whether this host has iptables at all
 */
export const remains = (network: string, bridges: readonly string[], withIptables: boolean): Desired[] => {
  const common = { scope: 'network', netns: HOST, why: 'the network has no container' } as const
  return [
    ...bridges.map(
      (name): Desired => ({
        ...common,
        kind: 'link',
        type: 'bridge',
        name,
        alias: networkAlias(network),
        settings: {},
      }),
    ),
    ...TABLES.map(
      (table): Desired => ({
        ...common,
        kind: 'ruleset',
        table,
        network,
        suffix: nftSuffix(network),
        sets: [],
        chains: [],
      }),
    ),
    ...(withIptables ? iptablesRemains(network) : []),
  ]
}
