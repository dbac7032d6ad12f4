/** What leads published ports to containers in nftables: a look-up in a map, however many there are (nft(8), "NAT STATEMENTS"). */

import { nftSuffix } from '../networks/marks.ts'
import type { Desired } from '../plan/kinds/index.ts'
import type { Chain, NftSet } from '../plan/kinds/ruleset.ts'
import { HOST } from '../plan/netns.ts'
import { type Condition, conditionText } from './conditions.ts'

export const TABLE = 'inet vethwork'

/** Maps from a port of one address, and of all addresses of the host, to a container's. */
export const portMaps = (family: 4 | 6) => ({ one: `ports${family}`, all: `ports${family}-all` })

/** Map from a container's address to what its answers need. */
export const answerMap = (family: 4 | 6) => `ports-answers${family}`

const IP = { 4: 'ip', 6: 'ip6' } as const
const ADDRESS = { 4: 'ipv4_addr', 6: 'ipv6_addr' } as const
const LOOPBACK = '127.0.0.0/8'

const common = { kind: 'ruleset', scope: 'network', netns: HOST, table: TABLE } as const

/** What the networks of a host share for their ports; names without a slash. */
export const sharedRules = (why: string): Desired => ({
  ...common,
  network: 'ports',
  suffix: '',
  sets: [...mapsOf(4, ''), ...mapsOf(6, ''), ...([4, 6] as const).map(answersOf)],
  chains: [
    // Before all NAT: an answer to the host itself has 127.0.0.1 as its destination only after it.
    // In a VRF the host's own loopback comes by the VRF's device.
    {
      name: 'ports-martians',
      hook: 'type filter hook prerouting priority raw;',
      rules: (['daddr', 'saddr'] as const).flatMap(field => [
        `ip ${field} ${LOOPBACK} meta iifkind "vrf" return`,
        `ip ${field} ${LOOPBACK} iifname != "lo" drop`,
      ]),
    },
    ...leading('', { 4: [], 6: [] }),
    {
      name: 'ports-answers',
      hook: 'type nat hook postrouting priority srcnat;',
      rules: ([4, 6] as const).map(family => `ct status dnat ${IP[family]} daddr vmap @${answerMap(family)}`),
    },
  ],
  why,
})

/** A network whose ports are for some packets only has maps and chains of its own. */
export const conditionalRules = (
  network: string,
  conditions: Readonly<Record<4 | 6, readonly Condition[]>>,
  why: string,
): Desired => {
  const suffix = nftSuffix(network)
  return {
    ...common,
    network,
    suffix,
    sets: [...mapsOf(4, suffix), ...mapsOf(6, suffix)],
    chains: leading(suffix, conditions),
    why,
  }
}

const mapsOf = (family: 4 | 6, suffix: string): NftSet[] => {
  const { one, all } = portMaps(family)
  const target = `${ADDRESS[family]} . inet_service`
  return [
    { name: `${one}${suffix}`, spec: `type inet_proto . inet_service . ${ADDRESS[family]} : ${target};` },
    { name: `${all}${suffix}`, spec: `type inet_proto . inet_service : ${target};` },
  ]
}

const answersOf = (family: 4 | 6): NftSet => ({
  name: answerMap(family),
  spec: `type ${ADDRESS[family]} : verdict;`,
})

/** To the containers: what comes to an address of this host, from elsewhere and from itself. Nothing that passes through. */
const leading = (suffix: string, conditions: Readonly<Record<4 | 6, readonly Condition[]>>): Chain[] => {
  const rules = (isHost: boolean) =>
    ([4, 6] as const).flatMap(family => {
      const [ip, { one, all }] = [IP[family], portMaps(family)]
      const given = conditions[family].map(condition => conditionText(family, condition))
      // Where the whole host takes 127/8 from outside, as below kube-proxy, it is not for us.
      const from = isHost || family === 6 ? [] : [`ip daddr != ${LOOPBACK}`]
      const local = [`meta nfproto ipv${family}`, ...from, 'fib daddr type local', ...given].join(' ')
      return [
        `${local} dnat ${ip} to meta l4proto . th dport . ${ip} daddr map @${one}${suffix}`,
        `${local} dnat ${ip} to meta l4proto . th dport map @${all}${suffix}`,
      ]
    })
  return [
    {
      name: `ports${suffix}`,
      hook: 'type nat hook prerouting priority dstnat;',
      rules: rules(false),
    },
    { name: `ports-host${suffix}`, hook: 'type nat hook output priority -100;', rules: rules(true) },
  ]
}

/** Whose answers need an address of the host to come back to: everybody's, or those of neighbours and of 127.0.0.1. */
export type Answers = { readonly of: 'all' } | { readonly of: 'near'; readonly subnets: readonly string[] }

/** The chain for it, which the map leads to. */
export const answerChain = (network: string, { of }: Answers) => `ports-${of}${nftSuffix(network)}`

export const answerRules = (network: string, answers: Answers, why: string): Desired => ({
  ...common,
  network,
  suffix: nftSuffix(network),
  sets: [],
  chains: [
    {
      name: answerChain(network, answers),
      rules: answers.of === 'all' ? ['masquerade'] : near(answers.subnets),
    },
  ],
  why,
})

const near = (subnets: readonly string[]) =>
  [...subnets, LOOPBACK].map(subnet => `${subnet.includes(':') ? 'ip6' : 'ip'} saddr ${subnet} masquerade`)
