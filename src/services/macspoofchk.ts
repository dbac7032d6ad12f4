/** A container may send with its own MAC address only (the reference bridge's `macspoofchk`). */

import { nftName, nftSuffix, ownerComment } from '../networks/marks.ts'
import { HOST } from '../plan/netns.ts'
import type { Service } from './service.ts'

const TABLE = 'bridge vethwork'
const why = 'macspoofchk'

export const macspoofchk: Service = {
  /** The network's rule: a port that is looked at sends with a MAC that it may use. */
  shared({ macspoofchk, name: network }) {
    if (!macspoofchk) return []
    const [ports, macs] = setsOf(network)
    return [
      {
        kind: 'ruleset',
        scope: 'network',
        netns: HOST,
        table: TABLE,
        network,
        suffix: nftSuffix(network),
        sets: [
          { name: ports, spec: 'type ifname;' },
          { name: macs, spec: 'type ifname . ether_addr;' },
        ],
        chains: [
          {
            name: nftName('macspoofchk', network),
            hook: 'type filter hook prerouting priority filter;',
            rules: [`iifname @${ports} iifname . ether saddr != @${macs} drop`],
          },
        ],
        why,
      },
    ]
  },

  /** One port, and the MAC address it may use. */
  rules({ macspoofchk }, { owner, port, mac }) {
    if (!macspoofchk || !port || !mac) return []
    const [ports, macs] = setsOf(owner.network)
    const own = {
      kind: 'element',
      scope: 'attachment',
      netns: HOST,
      table: TABLE,
      comment: ownerComment(owner),
      why,
    } as const
    return [
      { ...own, set: macs, key: `${port} . ${mac}` },
      { ...own, set: ports, key: port },
    ]
  },
}

const setsOf = (network: string) =>
  [nftName('macspoofchk-ports', network), nftName('macspoofchk-macs', network)] as const
