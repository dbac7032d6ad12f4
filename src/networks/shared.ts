/** What the containers of a bridged network share: the bridge, its addresses, routing, rules. */

import { familyOf, macOf, prefixOf } from '../../ipam/cidr.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST } from '../plan/netns.ts'
import { anycast } from '../services/anycast.ts'
import { masquerade, subnetsOf } from '../services/masquerade.ts'
import { allGateways } from './gateway.ts'
import { macOfName } from './macs.ts'
import { networkAlias } from './marks.ts'
import type { NetConf, Routed } from './network.ts'

/** The bridge itself. Its MAC is pinned: it would change with every port that comes and goes. */
export const bridgeLink = (conf: NetConf, lease: Routed): Desired[] => {
  const { name, bridge, mtu, promiscMode, isGateway, hostSeed } = conf
  // Where the bridge is the gateway its MAC is the gateway's, on every host the same; else no two are alike.
  const [gateway] = isGateway ? allGateways(lease) : []
  return [
    {
      kind: 'link',
      scope: 'network',
      netns: HOST,
      name: bridge,
      type: 'bridge',
      alias: networkAlias(name),
      settings: {
        up: true,
        mac: gateway ? macOf(gateway) : macOfName('02', hostSeed ? `${name} ${hostSeed}` : name),
        mtu: mtu || undefined,
        promisc: promiscMode || undefined,
        vlanFiltering: isVlanAware(conf) || undefined,
      },
      why: 'bridge: every container of the network is plugged into it',
    },
    {
      kind: 'sysctl',
      scope: 'network',
      netns: HOST,
      dev: bridge,
      key: `net/ipv6/conf/${bridge}/accept_ra`,
      value: '0',
      optional: true,
      why: "a container must not become the host's router",
    },
  ]
}

/** The bridge's addresses, and routing for them. */
export const gateways = (conf: NetConf, { addresses, otherGateways = [] }: Routed): Desired[] => {
  if (!conf.isGateway) return []
  const own = addresses.flatMap(({ address, gateway }) =>
    gateway ? [`${gateway}/${prefixOf(address)}`] : [],
  )
  const unique = [...new Set(own)]
  const dev = hostDev(conf)
  const then = conf.forceAddress ? 'replace' : 'refuse'
  const addr = unique.map(
    (address): Desired => ({
      kind: 'addr',
      scope: 'network',
      netns: HOST,
      dev,
      address,
      nodad: !conf.enabledad,
      // Of a flat network the bridge has the host's own addresses, too.
      rival: conf.mode === 'flat' ? undefined : { then, others: [...unique, ...otherGateways] },
      why: "isGateway: the host is the containers' router",
    }),
  )
  const families = [...new Set(unique.map(familyOf))]
  const forwarding = families.map(
    (family): Desired => ({
      kind: 'forwarding',
      scope: 'network',
      netns: HOST,
      family,
      why: 'isGateway: the host passes packets on',
    }),
  )
  return [...(conf.vlan ? hostPort(conf, dev) : []), ...addr, ...forwarding]
}

/** By which the host itself is in the network: the bridge, or its leg in one VLAN. */
export const hostDev = ({ bridge, vlan, isGateway }: NetConf) =>
  isGateway && vlan ? `${bridge}.${vlan}` : bridge

export const isVlanAware = ({ vlan, vlanTrunk }: NetConf) => vlan > 0 || vlanTrunk.length > 0

/** The host's own port in an access VLAN, which carries the gateway. */
const hostPort = ({ name, bridge, vlan, mtu }: NetConf, dev: string): Desired[] => {
  const common = { scope: 'network', netns: HOST, why: `vlan: the gateway of VLAN ${vlan}` } as const
  return [
    { ...common, kind: 'vlan', dev: bridge, vid: vlan, access: false, self: true, member: true },
    {
      ...common,
      kind: 'link',
      name: dev,
      type: 'vlan',
      lower: { netns: HOST, name: bridge },
      details: { protocol: '802.1Q', id: vlan },
      alias: networkAlias(name),
      settings: { up: true, mtu: mtu || undefined },
    },
  ]
}

/** The network's rules in nftables. */
export const bridgeRules = (conf: NetConf, lease: Routed, inside: 'subnet' | 'bridge'): Desired[] => [
  ...(conf.ipMasq && lease.addresses.length
    ? masquerade({
        network: conf.name,
        backend: conf.ipMasqBackend,
        subnets: subnetsOf(lease.addresses.map(({ address }) => address)),
        inside: inside === 'subnet' ? 'subnet' : { bridge: conf.bridge },
        why: 'ipMasq: the outside has no route back to the containers',
      })
    : []),
]

/** These come first: a bridge speaks by itself as soon as it has an address and a way out. */
export const anycastRules = (conf: NetConf, lease: Routed, uplinks: readonly string[]): Desired[] =>
  conf.anycastGateway ? anycast(conf.name, allGateways(lease), uplinks) : []
