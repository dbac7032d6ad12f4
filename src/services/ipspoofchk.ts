/**
 * A container sends from its own addresses only, answers ARP and ND for no others, and is nobody's router.
 * Security groups know containers by their addresses, and so bring it with them.
 */

import { familyOf, hexOf, hostOf, linkLocalOf } from '../../ipam/cidr.ts'
import { nftName, nftSuffix, ownerComment } from '../networks/marks.ts'
import type { NetConf } from '../networks/network.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST } from '../plan/netns.ts'
import type { Service } from './service.ts'

const TABLE = 'bridge vethwork'

const isOn = ({ ipspoofchk, securityGroups }: NetConf) => ipspoofchk || securityGroups !== undefined

const whyOf = ({ ipspoofchk }: NetConf) => (ipspoofchk ? 'ipspoofchk' : 'securityGroups: by addresses')

export const ipspoofchk: Service = {
  shared(conf) {
    if (!isOn(conf)) return []
    const network = conf.name
    const { ports, ipv4, arp, ipv6, targets } = setsOf(network)
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
          { name: ipv4, spec: 'type ifname . ipv4_addr;' },
          { name: arp, spec: 'type ifname . ether_addr . ipv4_addr;' },
          { name: ipv6, spec: 'type ifname . ipv6_addr;' },
          // What an advertisement is about has no name in nft 1.0 (RFC 4861 section 4.4).
          { name: targets, spec: `typeof iifname . ${TARGET};` },
        ],
        chains: [
          {
            name: nftName('ipspoofchk', network),
            hook: 'type filter hook prerouting priority filter;',
            rules: [
              `iifname != @${ports} accept`,
              // Who has no address yet: DHCP (RFC 2131), ARP probes (RFC 5227), and those of IPv6.
              'ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept',
              `iifname . ip saddr != @${ipv4} drop`,
              'arp operation request arp saddr ip 0.0.0.0 accept',
              `iifname . arp saddr ether . arp saddr ip != @${arp} drop`,
              `ip6 saddr :: icmpv6 type ${UNSPECIFIED} accept`,
              `ip6 saddr :: icmpv6 type nd-neighbor-solicit iifname . ${TARGET} @${targets} accept`,
              `iifname . ip6 saddr != @${ipv6} drop`,
              `icmpv6 type nd-neighbor-advert iifname . ${TARGET} != @${targets} drop`,
              'icmpv6 type { nd-router-advert, nd-redirect } drop',
            ],
            exact: true,
          },
        ],
        why: whyOf(conf),
      },
    ]
  },

  rules(conf, { owner, port, mac, addresses }) {
    // Security groups are no reason to silence who has no address of ours.
    if (!isOn(conf) || !port || !mac || !(conf.ipspoofchk || addresses.length)) return []
    const { ports, ipv4, arp, ipv6, targets } = setsOf(owner.network)
    const element = (set: string, ...key: string[]): Desired => ({
      kind: 'element',
      scope: 'attachment',
      netns: HOST,
      table: TABLE,
      set,
      key: [port, ...key].join(' . '),
      comment: ownerComment(owner),
      why: whyOf(conf),
    })
    const own = [...addresses.map(hostOf), linkLocalOf(mac)]
    return [
      ...own.flatMap(address =>
        familyOf(address) === 4
          ? [element(ipv4, address), element(arp, mac, address)]
          : [element(ipv6, address), element(targets, hexOf(address))],
      ),
      element(ports),
    ]
  },
}

/** The target of a neighbour solicitation or advertisement: 128 bits behind type, checksum and flags. */
const TARGET = '@th,64,128'

/** MLD reports and leave messages (RFC 3810), router solicitations. */
const UNSPECIFIED = '{ 131, 132, 133, 143 }'

const setsOf = (network: string) => {
  const name = (what: string) => nftName(`ipspoofchk-${what}`, network)
  return {
    ports: name('ports'),
    ipv4: name('ipv4'),
    arp: name('arp'),
    ipv6: name('ipv6'),
    targets: name('targets'),
  }
}
