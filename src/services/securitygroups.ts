/**
 * Security groups: named sets of stateful allow rules. Nobody reaches a container of such a network but by a rule
 * of one of its groups. It may send whatever it likes, until one of its groups says to where (as Kubernetes'
 * NetworkPolicy has it: who writes no egress rules means none, and not that names cannot be resolved any more).
 *
 * Enforced at the container's port of the bridge, so that neighbours and the host are held to it, too.
 * Membership is elements of sets; rules change with the configuration only.
 */

import { familyOf, hostOf } from '../../ipam/cidr.ts'
import { nftName, nftSuffix, ownerComment } from '../networks/marks.ts'
import type { Desired } from '../plan/kinds/index.ts'
import type { Chain } from '../plan/kinds/ruleset.ts'
import { HOST } from '../plan/netns.ts'
import { answers, flowChains, flowSets, passed, type Side, sides } from './flows.ts'
import { allow, branch, type GroupRule, membersOf, portsOf, secured } from './grouprules.ts'
import type { Service } from './service.ts'

type Groups = Readonly<Record<string, readonly GroupRule[]>>

const TABLE = 'bridge vethwork'
const why = 'securityGroups'

export const securityGroups: Service = {
  shared({ name: network, securityGroups: groups }) {
    if (!groups) return []
    const names = Object.keys(groups)
    return [
      {
        kind: 'ruleset',
        scope: 'network',
        netns: HOST,
        table: TABLE,
        network,
        suffix: nftSuffix(network),
        sets: [
          { name: secured(network), spec: 'type ifname;' },
          ...names.flatMap(group => [
            { name: portsOf(network, group), spec: 'type ifname;' },
            { name: membersOf(network, group, 4), spec: 'type ipv4_addr;' },
            { name: membersOf(network, group, 6), spec: 'type ipv6_addr;' },
          ]),
          ...flowSets(network),
        ],
        chains: sides.flatMap(side => [
          ...flowChains(network, side),
          ...names.flatMap(group => groupChain(network, group, groups, side)),
          baseChain(network, groups, side),
        ]),
        why,
      },
    ]
  },

  /** The port and the addresses, in the sets of each of its groups. */
  rules({ name: network, securityGroups: groups }, { owner, port, addresses }, wants) {
    if (!groups || !port) return []
    const element = (set: string, key: string): Desired => ({
      kind: 'element',
      scope: 'attachment',
      netns: HOST,
      table: TABLE,
      set,
      key,
      comment: ownerComment(owner),
      why,
    })
    return [
      element(secured(network), port),
      ...(wants.groups ?? []).flatMap(group => [
        element(portsOf(network, group), port),
        ...addresses.map(address => element(membersOf(network, group, familyOf(address)), hostOf(address))),
      ]),
    ]
  },
}

const rulesOf = (groups: Groups, group: string, { direction }: Side) =>
  (groups[group] ?? []).filter(rule => rule.direction === direction)

/** What every frame passes; frames of other networks leave it at once. */
const baseChain = (network: string, groups: Groups, side: Side): Chain => {
  const { hook, port, word } = side
  const speaking = Object.keys(groups).filter(group => rulesOf(groups, group, side).length)
  const leading = (group: string) =>
    `${port} @${portsOf(network, group)} jump ${branch(network, group, side)}`
  const closing = (group: string) => `${port} @${portsOf(network, group)} drop`
  return {
    name: nftName(`groups-${word}`, network),
    hook: `type filter hook ${hook} priority ${AFTER_SPOOFING};`,
    rules: [
      `${port} != @${secured(network)} accept`,
      ...essentials[word],
      ...answers(network, side),
      ...speaking.map(leading),
      ...(word === 'out' ? [...speaking.map(closing), `goto ${passed(network, side)}`] : ['drop']),
    ],
    exact: true,
  }
}

/** After NF_BR_PRI_FILTER_BRIDGED, -200: what is spoofed is not remembered. */
const AFTER_SPOOFING = '-190'

const groupChain = (network: string, group: string, groups: Groups, side: Side): Chain[] => {
  const rules = rulesOf(groups, group, side).flatMap(rule => allow(network, rule, side))
  return rules.length ? [{ name: branch(network, group, side), rules: [...new Set(rules)], exact: true }] : []
}

/** Without these there is no network: ARP, ND, DHCP, multicast membership, ICMP's errors; and the rest of a datagram. */
const essentials: Readonly<Record<Side['word'], readonly string[]>> = {
  out: [
    'meta protocol arp accept',
    'udp sport 68 udp dport 67 accept',
    'udp sport 546 udp dport 547 accept',
    'icmpv6 type { 131, 132, 133, 135, 136, 143 } accept',
    ...both(),
  ],
  in: [
    'meta protocol arp accept',
    'udp sport 67 udp dport 68 accept',
    'udp sport 547 udp dport 546 accept',
    'icmpv6 type { 130, 134, 135, 136 } accept',
    ...both(),
  ],
}

function both() {
  return [
    'ip protocol igmp accept',
    'icmp type { destination-unreachable, time-exceeded, parameter-problem } accept',
    'icmpv6 type { 1, 2, 3, 4 } accept',
    // Later fragments have no ports; one at offset 1 could overwrite those of the first (RFC 3128).
    'ip frag-off & 0x1fff > 1 accept',
    'frag frag-off > 1 accept',
  ]
}
