/** Containers speak to the outside with the host's address (source NAT, nft(8) "masquerade"). */

import { familyOf, networkOf } from '../../ipam/cidr.ts'
import { iptablesChain, iptablesComment, nftName, nftSuffix } from '../networks/marks.ts'
import { fingerprint } from '../plan/fingerprint.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST } from '../plan/netns.ts'

export interface Masquerade {
  readonly network: string
  readonly backend: 'nftables' | 'iptables'
  /** In CIDR notation, of any family. */
  readonly subnets: readonly string[]
  /** Leave alone what stays: by the bridge it leaves through, or (as the reference does) by its subnet. */
  readonly inside: { readonly bridge: string } | 'subnet'
  readonly why: string
}

export const masquerade = (wanted: Masquerade): Desired[] =>
  wanted.backend === 'nftables' ? nftables(wanted) : iptables(wanted)

const MULTICAST = { 4: '224.0.0.0/4', 6: 'ff00::/8' } as const

const nftables = ({ network, subnets, inside, why }: Masquerade): Desired[] => {
  const rules = subnets.map(subnet => {
    const family = familyOf(subnet)
    const ip = family === 4 ? 'ip' : 'ip6'
    const leaves =
      inside === 'subnet'
        ? `${ip} daddr != ${subnet} ${ip} daddr != ${MULTICAST[family]}`
        : `oifname != "${inside.bridge}"`
    return `${ip} saddr ${subnet} ${leaves} masquerade`
  })
  const chain = {
    name: nftName('masquerade', network),
    hook: 'type nat hook postrouting priority srcnat;',
    rules,
  }
  return [
    {
      kind: 'ruleset',
      scope: 'network',
      netns: HOST,
      table: 'inet vethwork',
      network,
      suffix: nftSuffix(network),
      sets: [],
      chains: [chain],
      why,
    },
  ]
}

const iptables = ({ network, subnets, inside, why }: Masquerade): Desired[] =>
  ([4, 6] as const).flatMap((family): Desired[] => {
    const mine = subnets.filter(subnet => familyOf(subnet) === family)
    if (!mine.length) return []
    const rules = mine.flatMap(subnet => {
      const comment = (rule: string) =>
        `-m comment --comment "vethwork ${network.slice(0, 80)} ${fingerprint(rule)}"`
      const stays = `-s ${subnet} -d ${subnet}`
      const leaves =
        inside === 'subnet' ? `-s ${subnet} ! -d ${MULTICAST[family]}` : `-s ${subnet} ! -o ${inside.bridge}`
      return [
        ...(inside === 'subnet' ? [`${stays} ${comment(stays)} -j RETURN`] : []),
        `${leaves} ${comment(leaves)} -j MASQUERADE`,
      ]
    })
    return [iptablesPart(network, family, rules, why)]
  })

const iptablesPart = (network: string, family: 4 | 6, rules: string[], why: string): Desired => ({
  kind: 'iptables',
  scope: 'network',
  netns: HOST,
  command: family === 4 ? 'iptables' : 'ip6tables',
  table: 'nat',
  parents: ['POSTROUTING'],
  chain: iptablesChain(network),
  comment: iptablesComment(network),
  rules,
  why,
})

/** All that a network may have in iptables, whatever its addresses. */
export const iptablesRemains = (network: string): Desired[] =>
  ([4, 6] as const).map(family => iptablesPart(network, family, [], 'ipMasqBackend: iptables'))

/** The subnets of addresses, each once. */
export const subnetsOf = (addresses: readonly string[]) => [...new Set(addresses.map(networkOf))]
