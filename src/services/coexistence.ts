/**
 * A way through the host's own firewall, where it drops what it does not know (Docker leaves it so): every base chain
 * must let a packet pass, hence the accept must stand where the drop does.
 */

import { familyOf } from '../../ipam/cidr.ts'
import { iptablesChain, iptablesComment, nftName, nftSuffix, ownerComment } from '../networks/marks.ts'
import type { NetConf } from '../networks/network.ts'
import type { Desired } from '../plan/kinds/index.ts'
import type { IptablesCommand } from '../plan/kinds/iptables.ts'
import { HOST } from '../plan/netns.ts'
import { subnetsOf } from './masquerade.ts'
import type { Endpoint, Service } from './service.ts'

export const TRUSTED = 'trusted'
const TABLE = 'inet vethwork'
const FAMILIES = [4, 6] as const
/** Both kinds of iptables: the drop may be in either. */
const COMMANDS: Readonly<Record<4 | 6, readonly IptablesCommand[]>> = {
  4: ['iptables-nft', 'iptables-legacy'],
  6: ['ip6tables-nft', 'ip6tables-legacy'],
}
const why = "the host's firewall drops what no rule of its own accepts"

export const coexistence: Service = {
  shared(conf, endpoint) {
    if (isMarked(conf, endpoint)) return [marking(conf), ...accepts(conf.name, () => [MARKED])]
    const { bridge } = endpoint
    if (!bridge || !passageOf(conf, endpoint)) return []
    return [
      ...accepts(conf.name, family => bridgeRules(conf, bridge, subnetsOn(endpoint, family))),
      ...zoneOf(conf, bridge),
    ]
  },

  /** Of a plug without a bridge: its addresses. */
  rules(conf, endpoint) {
    if (!isMarked(conf, endpoint)) return []
    return endpoint.addresses.map(address => ({
      kind: 'element',
      scope: 'attachment',
      netns: HOST,
      table: TABLE,
      set: setOf(conf.name, familyOf(address)),
      key: address.replace(/\/.*/, ''),
      comment: ownerComment(endpoint.owner),
      why: 'ingressPolicy: a way through the host',
    }))
  },
}

/** The way of a plug's packets into the host; undefined where they do not go through it, or nobody asked. */
export const passageOf = (
  conf: NetConf,
  endpoint: Endpoint,
): { readonly bridge?: string; readonly routed: boolean } | undefined => {
  if (isMarked(conf, endpoint)) return { routed: true }
  if (!endpoint.bridge || (conf.mode === 'chained' && !conf.ingressPolicy)) return undefined
  return { bridge: gatewayOf(conf, endpoint.bridge), routed: isRouted(conf) }
}

/** Another plugin's plug that hangs on no bridge, as that of ptp; or on one whose name means more to iptables. */
const isMarked = ({ mode, ingressPolicy }: NetConf, { bridge = '', port }: Endpoint) =>
  mode === 'chained' && ingressPolicy !== '' && !/^[\w.@=,~-]+$/.test(bridge) && port !== undefined

/** What goes in by the bridge may go on; what comes out of it must have been asked for, or be published. */
const bridgeRules = (conf: NetConf, bridge: string, subnets: readonly string[]): string[] => {
  const inside = `-i ${bridge} -o ${bridge} -j ACCEPT` // br_netfilter shows it here, too
  if (!isRouted(conf)) return [inside]
  const dev = gatewayOf(conf, bridge)
  const out = `-o ${dev} -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT`
  if (!isShared(conf)) return [...(dev === bridge ? [] : [inside]), `-i ${dev} -j ACCEPT`, out]
  return [inside, ...subnets.map(subnet => `-s ${subnet} -i ${dev} -j ACCEPT`), out]
}

const isRouted = ({ mode, isGateway }: NetConf) => isGateway || mode === 'chained'

/** Machines that are no containers of this host are on the bridge, too; of another plugin's bridge that is not known. */
const isShared = ({ mode, hostSeed }: NetConf) => hostSeed !== '' || mode === 'chained'

const gatewayOf = ({ vlan }: NetConf, bridge: string) => (vlan ? `${bridge}.${vlan}` : bridge)

const subnetsOn = ({ addresses }: Endpoint, family: 4 | 6) =>
  subnetsOf(addresses.filter(address => familyOf(address) === family))

const accepts = (network: string, rules: (family: 4 | 6) => string[]): Desired[] =>
  FAMILIES.flatMap(family => COMMANDS[family].map(command => accept(network, command, rules(family))))

const accept = (network: string, command: IptablesCommand, rules: string[]): Desired => ({
  kind: 'iptables',
  scope: 'network',
  netns: HOST,
  command,
  table: 'filter',
  // Docker asks for rules of others to be put there; what an admin puts before ours comes first.
  parents: ['DOCKER-USER', 'FORWARD'],
  front: true,
  ifClosed: true,
  chain: iptablesChain(network),
  comment: iptablesComment(network),
  rules,
  why,
})

/** All that a network may have in filter tables, and firewalld's zone of its bridges. */
export const coexistenceRemains = (network: string, bridges: readonly string[]): Desired[] => [
  ...accepts(network, () => []),
  ...bridges.map(inZone),
]

/** firewalld lets nothing through that comes by an interface which it does not know. */
const zoneOf = (conf: NetConf, bridge: string): Desired[] =>
  isRouted(conf) && !isShared(conf) ? [inZone(gatewayOf(conf, bridge))] : []

const inZone = (dev: string): Desired => ({
  kind: 'zone',
  scope: 'network',
  netns: HOST,
  dev,
  zone: TRUSTED,
  why: 'firewalld rejects what comes by interfaces that it does not know',
})

/**
 * One rule of iptables for however many addresses: nft looks them up before (priority mangle) and marks the packet.
 * Bit 12 is none of those that Kubernetes, CNI's portmap, Docker, Calico, Cilium or Tailscale take.
 */
const MARK = '0x1000'
const MARKED = `-m mark --mark ${MARK}/${MARK} -j ACCEPT`

const setOf = (network: string, family: 4 | 6) => nftName(`passage${family}`, network)

const marking = ({ name }: NetConf): Desired => ({
  kind: 'ruleset',
  scope: 'network',
  netns: HOST,
  table: TABLE,
  network: name,
  suffix: nftSuffix(name),
  sets: FAMILIES.map(family => ({ name: setOf(name, family), spec: `type ipv${family}_addr;` })),
  chains: [
    {
      name: nftName('passage', name),
      hook: 'type filter hook forward priority mangle;',
      rules: FAMILIES.flatMap(family => {
        const [ip, set] = [family === 4 ? 'ip' : 'ip6', setOf(name, family)]
        const mark = `meta mark set meta mark or ${MARK}`
        return [
          `${ip} saddr @${set} ${mark}`,
          `${ip} daddr @${set} ct state established,related ${mark}`,
          `${ip} daddr @${set} ct status dnat ${mark}`,
        ]
      }),
    },
  ],
  why: 'ingressPolicy: a way through the host for addresses that are on no bridge',
})
