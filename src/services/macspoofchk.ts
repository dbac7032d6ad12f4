/** A container may send with its own MAC address only (the reference bridge's `macspoofchk`). */

import type { Owner } from '../../ipam/lease.ts'
import { nftName, nftSuffix, ownerComment } from '../networks/marks.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST } from '../plan/netns.ts'

const TABLE = 'bridge vethwork'
const why = 'macspoofchk'

/** The network's rule: a port that is looked at sends with a MAC that it may use. */
export const macspoofchkRules = (network: string): Desired => {
  const [ports, macs] = setsOf(network)
  return {
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
  }
}

/** One port, and the MAC address it may use. */
export const macspoofchkPort = (owner: Owner, port: string, mac: string): Desired[] => {
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
}

const setsOf = (network: string) =>
  [nftName('macspoofchk-ports', network), nftName('macspoofchk-macs', network)] as const
