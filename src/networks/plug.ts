/** One container's plug in a bridge: the veth pair, its port on the host, its interface inside. */

import { familyOf, hostOf, linkLocalOf } from '../../ipam/cidr.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST, type Netns } from '../plan/netns.ts'
import { isReflected } from '../services/ports.ts'
import type { Endpoint } from '../services/service.ts'
import { viaGateway } from './gateway.ts'
import { loopback } from './loopback.ts'
import { macOfName, plugMac } from './macs.ts'
import { hostVeth, plugAlias } from './marks.ts'
import type { Attachment, NetConf, Routed } from './network.ts'
import { hostDev, isVlanAware } from './shared.ts'

/** The veth pair, as seen from the host. */
export const pair = (conf: NetConf, attachment: Attachment, lease: Routed): Desired[] => {
  const { owner, netns, mac: requested } = attachment
  const { addresses } = lease
  const mtu = conf.mtu || undefined
  const { port, mac: own } = veth(conf, attachment, lease)
  const common = { scope: 'attachment', netns: HOST } as const
  return [
    ...neighboursOf(
      port,
      addresses.map(({ address }) => address),
      requested,
    ).map(
      (address): Desired => ({
        ...common,
        kind: 'neigh',
        dev: hostDev(conf),
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
        // A later plugin of the chain may turn it back (portmap), or isolate it (firewall).
        hairpin: conf.hairpinMode || isReflected(conf, attachment.wants) || undefined,
        isolated: conf.portIsolation || conf.ingressPolicy === 'isolated' || undefined,
      },
      peer: netns && { netns, name: owner.ifname, settings: { mac: own, mtu } },
      // It would use none; and its routes, of the same prefixes as all others', the kernel would walk through for the next.
      addrgenmode: 'none',
      why: 'the cable between the container and the bridge',
    },
    ...(isVlanAware(conf) ? portVlans(conf, port) : []),
  ]
}

/** An access port of one VLAN, or a trunk of several, as the reference `bridge` has them. */
const portVlans = ({ vlan, vlanTrunk, preserveDefaultVlan }: NetConf, dev: string): Desired[] => {
  const common = { kind: 'vlan', scope: 'attachment', netns: HOST, dev, self: false } as const
  return [
    ...(preserveDefaultVlan
      ? []
      : [{ ...common, vid: 1, access: true, member: false, why: 'preserveDefaultVlan: false' }]),
    ...(vlan ? [{ ...common, vid: vlan, access: true, member: true, why: `vlan: ${vlan}` }] : []),
    ...vlanTrunk.map(vid => ({ ...common, vid, access: false, member: true, why: 'vlanTrunk' })),
  ]
}

/** A plug as most networks have it. */
export const cabled = (conf: NetConf, attachment: Attachment, lease: Routed): Desired[] => [
  ...pair(conf, attachment, lease),
  ...loopback(attachment),
  ...inside(conf, attachment, lease),
]

/** The same, as the services see it. */
export const cable = (conf: NetConf, attachment: Attachment, lease: Routed): Endpoint => ({
  ...alone(conf, attachment, lease),
  ...veth(conf, attachment, lease),
  bridge: conf.bridge,
})

/** A plug of which nothing is on the host, as the services see it. */
export const alone = (_: NetConf, { owner, netns, tables }: Attachment, lease: Routed): Endpoint => ({
  owner,
  netns,
  addresses: lease.addresses.map(({ address }) => address),
  gateways: lease.addresses.flatMap(({ gateway }) => gateway ?? []),
  routes: lease.routes,
  tables,
})

/** What the container's side must know of the other. */
export interface Plugged {
  /** Its port on a bridge, if it has one. */
  readonly port?: string
  /** Undefined where it is not ours to choose. */
  readonly mac?: string
}

const veth = ({ hostSeed }: NetConf, { owner, mac }: Attachment, { addresses }: Routed) => {
  const port = hostVeth(owner)
  return { port, mac: plugMac(port, mac, addresses[0]?.address, hostSeed) }
}

/** The container's side: its interface up, with addresses and routes, announced. */
export const inside = (
  conf: NetConf,
  attachment: Attachment,
  lease: Routed,
  { port, mac }: Plugged = veth(conf, attachment, lease),
): Desired[] => {
  const { owner, netns } = attachment
  if (!netns || conf.disableContainerInterface) return []
  const dev = owner.ifname
  const common = { scope: 'attachment', netns } as const
  const { addresses } = lease
  const [v4, v6] = ([4, 6] as const).map(family =>
    addresses.some(({ address }) => familyOf(address) === family),
  )
  const sysctl = (family: 4 | 6, name: string, value: string, why: string): Desired => ({
    ...common,
    kind: 'sysctl',
    dev,
    key: `net/ipv${family}/conf/${dev}/${name}`,
    value,
    optional: true,
    why,
  })
  const announced = 'neighbours learn who has the address now'
  return [
    // Only of what it has: a kernel with a thousand namespaces takes long to find one.
    ...(v6 ? [sysctl(6, 'disable_ipv6', '0', 'the container has an IPv6 address')] : []),
    ...(v6 && !conf.enabledad
      ? [sysctl(6, 'accept_dad', '0', 'enabledad is off: no wait before an address is used')]
      : []),
    ...(v6 ? [sysctl(6, 'keep_addr_on_down', '1', 'addresses survive the interface going down')] : []),
    ...(v4 ? [sysctl(4, 'arp_notify', '1', announced)] : []),
    {
      ...common,
      kind: 'link',
      name: dev,
      type: 'given',
      settings: { up: true },
      why: "the container's interface",
    },
    ...(port && isAsked(conf) ? asked(netns, dev, port, addresses) : []),
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
    // Before, the kernel would announce each address as it comes, and all of them again on arrival.
    ...(v6 ? [sysctl(6, 'ndisc_notify', '1', announced)] : []),
    {
      ...common,
      kind: 'arrival',
      name: dev,
      mac: addresses.length ? mac : undefined,
      port,
      why: 'usable at once, and known to its neighbours',
    },
  ]
}

/** Where other hosts lease addresses, too, they might have leased the same; who answers for all cannot be asked. */
const isAsked = ({ hostSeed, learning }: NetConf) => hostSeed !== '' && learning

const asked = (netns: Netns, dev: string, port: string, addresses: Routed['addresses']): Desired[] => {
  const common = { scope: 'attachment', netns, why: 'another host may have leased the same address' } as const
  return [
    { ...common, kind: 'arrival', name: dev, port },
    { ...common, kind: 'probe', dev, addresses: addresses.map(({ address }) => hostOf(address)) },
  ]
}

const routeWhy = (conf: NetConf, dst: string) =>
  dst.endsWith('/0') && conf.isDefaultGateway ? 'isDefaultGateway' : 'ipam.routes'

/** What the host may remember of a plug: its addresses, and the one it makes of its MAC address. */
export const neighboursOf = (port: string, addresses: readonly string[], mac?: string): string[] => [
  ...addresses.map(hostOf),
  linkLocalOf(plugMac(port, mac, addresses[0])),
]
