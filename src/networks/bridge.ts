/** No mode: a bridge and a veth pair a container, field for field as the reference `bridge` plugin. */

import { familyOf, hostOf, linkLocalOf, macOf, prefixOf } from '../../ipam/cidr.ts'
import { fingerprint } from '../plan/fingerprint.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST } from '../plan/netns.ts'
import { macspoofchkPort, macspoofchkRules } from '../services/macspoofchk.ts'
import { masquerade, subnetsOf } from '../services/masquerade.ts'
import { viaGateway } from './gateway.ts'
import { hostVeth, networkAlias, plugAlias } from './marks.ts'
import type { Attachment, NetConf, Network, Routed } from './network.ts'

export const bridge: Network = {
  defaults: () => ({ bridge: 'cni0' }),
  shared: (conf, lease) => [
    ...bridgeLink(conf, lease),
    ...gateways(conf, lease),
    ...bridgeRules(conf, lease, 'subnet'),
  ],
  plug: (conf, attachment, lease) => [...pair(conf, attachment, lease), ...inside(conf, attachment, lease)],
}

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
export const gateways = (conf: NetConf, { addresses }: Routed): Desired[] => {
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
      rival: { then, others: unique },
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

/** The veth pair, as seen from the host. */
export const pair = (conf: NetConf, { owner, netns, mac }: Attachment, { addresses }: Routed): Desired[] => {
  const port = hostVeth(owner)
  const mtu = conf.mtu || undefined
  const own = plugMac(port, mac, addresses[0]?.address)
  const common = { scope: 'attachment', netns: HOST } as const
  return [
    ...[...addresses.map(({ address }) => hostOf(address)), linkLocalOf(own)].map(
      (address): Desired => ({
        ...common,
        kind: 'neigh',
        dev: conf.bridge,
        address,
        why: "the address may be another container's next",
      }),
    ),
    {
      ...common,
      kind: 'link',
      name: port,
      type: 'veth',
      alias: plugAlias(
        owner,
        addresses.map(({ address }) => address),
      ),
      settings: {
        up: true,
        mtu,
        // High, so that no bridge ever takes it for its own.
        mac: macOfName('fe', port),
        master: conf.bridge,
        hairpin: conf.hairpinMode,
        isolated: conf.portIsolation,
      },
      peer: netns && { netns, name: owner.ifname, settings: { mac: own, mtu } },
      why: 'the cable between the container and the bridge',
    },
    {
      ...common,
      kind: 'sysctl',
      dev: port,
      key: `net/ipv6/conf/${port}/accept_ra`,
      value: '0',
      optional: true,
      why: "a container must not become the host's router",
    },
    ...(conf.macspoofchk ? macspoofchkPort(owner, port, own) : []),
  ]
}

/** The container's side: its interface up, with addresses and routes, announced. */
export const inside = (conf: NetConf, { owner, netns, mac }: Attachment, lease: Routed): Desired[] => {
  if (!netns || conf.disableContainerInterface) return []
  const dev = owner.ifname
  const port = hostVeth(owner)
  const common = { scope: 'attachment', netns } as const
  const { addresses } = lease
  const own = plugMac(port, mac, addresses[0]?.address)
  const v6 = addresses.some(({ address }) => familyOf(address) === 6)
  const sysctl = (family: 4 | 6, name: string, value: string, why: string): Desired => ({
    ...common,
    kind: 'sysctl',
    dev,
    key: `net/ipv${family}/conf/${dev}/${name}`,
    value,
    optional: true,
    why,
  })
  const announcing = [
    sysctl(4, 'arp_notify', '1', 'neighbours learn who has the address now'),
    sysctl(6, 'ndisc_notify', '1', 'neighbours learn who has the address now'),
  ]
  return [
    ...(v6 ? [sysctl(6, 'disable_ipv6', '0', 'the container has an IPv6 address')] : []),
    ...(conf.enabledad
      ? []
      : [sysctl(6, 'accept_dad', '0', 'enabledad is off: no wait before an address is used')]),
    ...(v6 ? [sysctl(6, 'keep_addr_on_down', '1', 'addresses survive the interface going down')] : []),
    ...(addresses.length ? announcing : []),
    {
      ...common,
      kind: 'link',
      name: dev,
      type: 'given',
      settings: { up: true },
      why: "the container's interface",
    },
    ...addresses.map(
      ({ address }): Desired => ({
        ...common,
        kind: 'addr',
        dev,
        address,
        nodad: !conf.enabledad,
        why: 'ipam: the address that was leased',
      }),
    ),
    ...viaGateway(lease).map(
      (to): Desired => ({ ...common, kind: 'route', dev, to, why: routeWhy(conf, to.dst) }),
    ),
    {
      ...common,
      kind: 'arrival',
      name: dev,
      mac: addresses.length ? own : undefined,
      port,
      why: 'usable at once, and known to its neighbours',
    },
  ]
}

const routeWhy = (conf: NetConf, dst: string) =>
  dst.endsWith('/0') && conf.isDefaultGateway ? 'isDefaultGateway' : 'ipam.routes'

/** What was asked for; else from the address, so that an address keeps its MAC whoever has it (pain 16). */
const plugMac = (port: string, requested?: string, address?: string) =>
  requested ?? (address ? macOf(hostOf(address)) : macOfName('02', port))

/** Always the same for the same name. */
const macOfName = (first: '02' | 'fe', name: string) => {
  const bytes = Array.from({ length: 5 }, (_, n) => Number.parseInt(fingerprint(`${name} ${n}`, 2), 36) % 256)
  return [first, ...bytes.map(byte => byte.toString(16).padStart(2, '0'))].join(':')
}
