/** Nothing passes between a bridge and its host: neither to the host itself nor through it. */

import { nftName, nftSuffix } from '../networks/marks.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST } from '../plan/netns.ts'

export const seclusion = (network: string, bridge: string): Desired[] => {
  const why = 'mode local: neither host nor outside'
  const sysctl = { kind: 'sysctl', scope: 'network', netns: HOST, dev: bridge, why } as const
  const chain = (hook: string, rules: string[]) => ({
    name: nftName(`local-${hook}`, network),
    hook: `type filter hook ${hook} priority filter;`,
    rules,
  })
  return [
    // Without these the host would answer for its other addresses: it needs none on the bridge for that.
    { ...sysctl, key: `net/ipv4/conf/${bridge}/arp_ignore`, value: '8', optional: false },
    { ...sysctl, key: `net/ipv6/conf/${bridge}/disable_ipv6`, value: '1', optional: true },
    {
      kind: 'ruleset',
      scope: 'network',
      netns: HOST,
      table: 'inet vethwork',
      network,
      suffix: nftSuffix(network),
      sets: [],
      chains: [
        chain('input', [`iifname "${bridge}" drop`]),
        // With br_netfilter, frames that stay on the bridge come by here as well.
        chain('forward', [
          `iifname "${bridge}" oifname != "${bridge}" drop`,
          `iifname != "${bridge}" oifname "${bridge}" drop`,
        ]),
        chain('output', [`oifname "${bridge}" drop`]),
      ],
      why,
    },
  ]
}
