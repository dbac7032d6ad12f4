/** What the containers of a bridged network share: the bridge, its addresses, routing, rules. */

import { familyOf, macOf, prefixOf } from '../../ipam/cidr.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST } from '../plan/netns.ts'
import { macspoofchkRules } from '../services/macspoofchk.ts'
import { masquerade, subnetsOf } from '../services/masquerade.ts'
import { macOfName } from './macs.ts'
import { networkAlias } from './marks.ts'
import type { NetConf, Routed } from './network.ts'

/** The bridge itself. Its MAC is pinned: it would change with every port that comes and goes. */
export const bridgeLink = ({ name, bridge, mtu, promiscMode }: NetConf, lease: Routed): Desired[] => {
  const gateway = lease.addresses.find(({ gateway }) => gateway)?.gateway
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
        mac: gateway ? macOf(gateway) : macOfName('02', name),
        mtu: mtu || undefined,
        promisc: promiscMode || undefined,
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
  const then = conf.forceAddress ? 'replace' : 'refuse'
  const addr = unique.map(
    (address): Desired => ({
      kind: 'addr',
      scope: 'network',
      netns: HOST,
      dev: conf.bridge,
      address,
      nodad: !conf.enabledad,
      rival: { then, others: [...unique, ...otherGateways] },
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
  return [...addr, ...forwarding]
}

/** The network's rules in nftables. */
export const bridgeRules = (conf: NetConf, { addresses }: Routed, inside: 'subnet' | 'bridge'): Desired[] => [
  ...(conf.ipMasq && addresses.length
    ? masquerade({
        network: conf.name,
        backend: conf.ipMasqBackend,
        subnets: subnetsOf(addresses.map(({ address }) => address)),
        inside: inside === 'subnet' ? 'subnet' : { bridge: conf.bridge },
        why: 'ipMasq: the outside has no route back to the containers',
      })
    : []),
  ...(conf.macspoofchk ? [macspoofchkRules(conf.name)] : []),
]
