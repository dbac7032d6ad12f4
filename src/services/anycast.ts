/**
 * The same gateway address and MAC on every host: each routes for its own containers, and hears
 * nothing of the others' gateway. Nothing of it may leave a host by the network itself.
 */

import { familyOf, macOf, solicitedNodeOf } from '../../ipam/cidr.ts'
import { nftName, nftSuffix } from '../networks/marks.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST } from '../plan/netns.ts'

/**
 * @param gateways addresses without prefix lengths; the first one's MAC is the bridge's
 * @param uplinks interfaces by which the network leaves the host
 */
export const anycast = (
  network: string,
  gateways: readonly string[],
  uplinks: readonly string[],
): Desired[] => {
  const [first] = gateways
  if (!first || !uplinks.length) return []
  const mac = macOf(first)
  const ways = `{ ${uplinks.map(name => `"${name}"`).join(', ')} }`
  // Asked for by one host's container, it must not be answered by another host.
  const questions = gateways.map(gateway =>
    familyOf(gateway) === 4
      ? `oifname ${ways} arp daddr ip ${gateway} drop`
      : `oifname ${ways} ip6 daddr ${solicitedNodeOf(gateway)} drop`,
  )
  const chain = (name: string, hook: string, rules: string[]) => ({
    name: nftName(`anycast-${name}`, network),
    hook: `type filter hook ${hook} priority filter;`,
    rules,
  })
  return [
    {
      kind: 'ruleset',
      scope: 'network',
      netns: HOST,
      table: 'bridge vethwork',
      network,
      suffix: nftSuffix(network),
      sets: [],
      chains: [
        chain('in', 'prerouting', [`iifname ${ways} ether saddr ${mac} drop`]),
        chain('through', 'forward', [`oifname ${ways} ether daddr ${mac} drop`, ...questions]),
        chain('out', 'output', [`oifname ${ways} ether saddr ${mac} drop`]),
      ],
      why: 'anycastGateway: each host is the gateway of its own containers',
    },
  ]
}
