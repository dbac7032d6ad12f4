/** All that networks share and may leave behind when their last container is gone, whatever their mode was. */

import type { Desired } from '../plan/kinds/index.ts'
import type { Link } from '../plan/kinds/link.ts'
import { HOST } from '../plan/netns.ts'
import { coexistenceRemains } from '../services/coexistence.ts'
import { iptablesRemains } from '../services/masquerade.ts'
import { networkAlias, nftSuffix, TABLES } from './marks.ts'

/**
 * @param links those that say they are the network's: its bridge, its way out
 * @param tools which of them this host has
 */
export const remains = (
  network: string,
  links: readonly { readonly name: string; readonly type: string }[],
  tools: { readonly nft: boolean; readonly iptables: boolean },
): Desired[] => {
  const common = { scope: 'network', netns: HOST, why: 'the network has no container' } as const
  return [
    ...links.map(
      ({ name, type }): Desired => ({
        ...common,
        kind: 'link',
        type: type as Link['type'],
        name,
        alias: networkAlias(network),
        settings: {},
      }),
    ),
    ...(tools.nft ? TABLES : []).map(
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
    ...(tools.iptables ? iptablesRemains(network) : []),
    ...coexistenceRemains(
      network,
      links.map(({ name }) => name),
    ),
  ]
}
