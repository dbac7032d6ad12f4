/** One container's plug in a bridge: the veth pair, its port on the host, its interface inside. */

import { familyOf, hostOf, linkLocalOf } from '../../ipam/cidr.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST } from '../plan/netns.ts'
import { macspoofchkPort } from '../services/macspoofchk.ts'
import { viaGateway } from './gateway.ts'
import { macOfName, plugMac } from './macs.ts'
import { hostVeth, plugAlias } from './marks.ts'
import type { Attachment, NetConf, Routed } from './network.ts'

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
