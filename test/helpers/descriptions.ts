/** What networks of each kind consist of, as data: the input of all tests of plans. */
import { type Config, parseConfig } from '../../cni/config.ts'
import type { Lease } from '../../ipam/lease.ts'
import { describe } from '../../src/networks/index.ts'
import { fitted } from '../../src/networks/mtu.ts'
import type { Attachment } from '../../src/networks/network.ts'
import { FORWARDING } from '../../src/plan/kinds/forwarding.ts'
import type { Desired } from '../../src/plan/kinds/index.ts'
import { HOST } from '../../src/plan/netns.ts'
import { at, nothing, type Observed, type ObservedLink } from '../../src/plan/observed.ts'
import { nothingWanted } from '../../src/services/wants.ts'
import { configOf, eachOf, type Family, layer2 } from './modes.ts'
import { dns, publishing, web } from './portmappings.ts'

export const netns = '/run/netns/c1' as const
export const owner = { network: layer2.name, containerId: 'c1', ifname: 'eth0' } as const

const leased = {
  v4: { address: '10.44.0.2/24', gateway: '10.44.0.1' },
  v6: { address: 'fd00:44::2/64', gateway: 'fd00:44::1' },
} as const
export const leaseOf = (family: Family): Lease => ({
  addresses: eachOf(family).map(one => leased[one]),
  routes: [],
  dns: {},
})
const noLease: Lease = { addresses: [], routes: [], dns: {} }

export const described = (
  config: object,
  lease: Lease,
  mac?: string,
  more: Partial<Attachment> = {},
): Desired[] => ofParsed(parseConfig(JSON.stringify(config)), lease, mac, more)

const ofParsed = (
  { net, wants }: Pick<Config, 'net' | 'wants'>,
  lease: Lease,
  mac?: string,
  more: Partial<Attachment> = {},
) => describe(net, { owner, netns, mac, wants, ...more } satisfies Attachment, lease)

/** Of a network that leaves the host by eth1. */
const spanning = (fields: object, lease = leaseOf('dual')): Desired[] => {
  const { net, wants } = parseConfig(JSON.stringify({ cniVersion: '1.1.0', name: layer2.name, ...fields }))
  const underlay = {
    name: 'eth1',
    mac: '52:54:00:12:34:56',
    mtu: 1500,
    addresses: ['192.0.2.1', '2001:db8::1'],
    drivers: [],
    kernel: '6.1.0',
  }
  return describe(fitted({ ...net, master: net.master || 'eth1' }, underlay), { owner, netns, wants }, lease)
}

const v4 = leaseOf('v4')
const routes = [
  { dst: '192.0.2.0/24', gw: '10.44.0.9', mtu: 1400, advmss: 1360, priority: 50, table: 100 },
  { dst: '198.51.100.0/24' },
  { dst: '203.0.113.0/24', scope: 253 },
]

const rates = { ingressRate: 20e6, ingressBurst: 2e6, egressRate: 1e6, egressBurst: 1e6 }

/** By name: also that of the file in test/golden/plans. */
export const descriptions: Readonly<Record<string, Desired[]>> = {
  layer2: described(layer2, noLease),
  'layer2-without-container-interface': described({ ...layer2, disableContainerInterface: true }, noLease),
  'bridge-masqueraded-v4': described(configOf('ipMasq by nftables', 'v4'), v4),
  'bridge-masqueraded-v6': described(configOf('ipMasq by nftables', 'v6'), leaseOf('v6')),
  'bridge-masqueraded-dual': described(configOf('ipMasq by nftables', 'dual'), leaseOf('dual')),
  'bridge-iptables-dual': described(configOf('ipMasq by iptables', 'dual'), leaseOf('dual')),
  'bridge-macspoofchk-mac': described(configOf('macspoofchk', 'v4'), v4, 'c2:11:22:33:44:55'),
  'bridge-ports': described(
    configOf('portIsolation', 'v4', { hairpinMode: true, mtu: 1400, enabledad: true }),
    v4,
  ),
  'bridge-promisc-routes': described(
    configOf('hairpinMode', 'v4', { hairpinMode: false, promiscMode: true, ipMasq: false }),
    {
      ...v4,
      routes,
    },
  ),
  'nat-v4': described(configOf('nat', 'v4'), v4),
  'nat-v6': described(configOf('nat', 'v6'), leaseOf('v6')),
  'nat-dual': described(configOf('nat', 'dual'), leaseOf('dual')),
  'nat-iptables-v4': described(configOf('nat', 'v4', { ipMasqBackend: 'iptables' }), v4),
  flat: spanning({ mode: 'flat' }),
  vlan: spanning({ mode: 'vlan', vlanId: 100 }),
  'vxlan-group': spanning({ mode: 'vxlan', vni: 5000, group: '239.1.1.1' }),
  'vxlan-group-v6': spanning({ mode: 'vxlan', vni: 5000, group: 'ff05::100' }),
  'vxlan-peers': spanning({ mode: 'vxlan', vni: 5000, peers: ['192.0.2.1', '192.0.2.2', '192.0.2.3'] }),
  'vxlan-told': spanning({ mode: 'vxlan', vni: 5000, local: '192.0.2.1', learning: false }),
  'vxlan-own-checksums': spanning({ mode: 'vxlan', vni: 5000, local: '192.0.2.1', txChecksum: false }),
  gre: spanning({ mode: 'gre', key: 700, peers: ['192.0.2.1', '192.0.2.2', '192.0.2.3'] }),
  'gre-v6': spanning({ mode: 'gre', key: 700, peers: ['2001:db8::1', '2001:db8::2'] }),
  macvlan: spanning({ mode: 'macvlan', macvlanMode: 'private' }),
  ipvlan: spanning({ mode: 'ipvlan', ipvlanMode: 'l3' }),
  'vlan-aware-access': described(
    configOf('ipMasq by nftables', 'v4', { ipMasq: false, vlan: 100, preserveDefaultVlan: false }),
    v4,
  ),
  'vlan-aware-trunk': described({ ...layer2, vlanTrunk: [{ id: 7 }, { minID: 100, maxID: 102 }] }, noLease),
  'ipspoofchk-dual': described(configOf('nat', 'dual', { ipspoofchk: true }), leaseOf('dual')),
  'ingress-same-bridge': described(configOf('nat', 'v4', { ingressPolicy: 'same-bridge' }), v4),
  'ingress-isolated': described(configOf('nat', 'v4', { ingressPolicy: 'isolated' }), v4),
  'security-groups': described(
    configOf('nat', 'dual', {
      securityGroups: {
        default: [],
        web: [
          { protocol: 'tcp', ports: 80 },
          { protocol: 'tcp', ports: '8000-8010', remote: '192.0.2.0/24' },
          { protocol: 'icmp' },
          { protocol: 'icmpv6', remote: '::/0' },
        ],
        db: [
          { protocol: 'tcp', ports: '5432', remoteGroup: 'web' },
          { direction: 'egress', protocol: 'udp', ports: 53, remote: '10.44.0.1' },
          { direction: 'egress', remoteGroup: 'db' },
        ],
      },
    }),
    leaseOf('dual'),
    undefined,
    { wants: { ...nothingWanted, groups: ['web', 'db'] } },
  ),
  'ports-dual': described(
    publishing([web, { ...web, hostPort: 81, hostIP: '192.0.2.1' }, { ...dns, range: 2 }]),
    leaseOf('dual'),
  ),
  'ports-conditions': described(
    publishing([web], {
      hairpinMode: false,
      conditionsV4: ['!', '-s', '192.0.2.0/24', '-i', 'eth1'],
      conditionsV6: ['ip6', 'saddr', '2001:db8::/32'],
    }),
    leaseOf('dual'),
  ),
  'ports-masq-all': described(publishing([dns], { masqAll: true }, 'ipMasq by nftables', 'v4'), v4),
  'nat-shaped': described(
    configOf('nat', 'v4', { ...rates, unshapedSubnets: ['10.0.0.0/8', 'fd00::/56'] }),
    v4,
  ),
  'bridge-shaped-some': described(
    { ...layer2, egressRate: 2e8, egressBurst: 4294967295, shapedSubnets: ['2001:db8:7::/48'] },
    noLease,
  ),
  'macvlan-shaped': spanning({ mode: 'macvlan', ...rates }),
  'tuned-dual': described(
    configOf('nat', 'dual', {
      sysctl: {
        'net/ipv4/ip_local_port_range': '20000 30000',
        'net/ipv4/conf/IFNAME/arp_filter': '1',
        'net/ipv4/conf/IFNAME/arp_notify': '0',
      },
      mtu: 1400,
      txQLen: 77,
      promisc: true,
      allmulti: false,
    }),
    leaseOf('dual'),
    'c2:11:22:33:44:55',
  ),
  'source-routed-dual': described(
    configOf('nat', 'dual', { sourceRouting: true }),
    { ...leaseOf('dual'), routes },
    undefined,
    { tables: [100, 101] },
  ),
  'local-dual-macspoofchk': described(configOf('local', 'dual', { macspoofchk: true }), leaseOf('dual')),
}

/** Behind another plugin, which made `eth0`. */
export const chained = described(
  {
    cniVersion: '1.1.0',
    name: layer2.name,
    mode: 'chained',
    mac: 'c2:11:22:33:44:55',
    mtu: 1400,
    txQLen: 0,
    sysctl: { 'net/ipv4/conf/IFNAME/arp_filter': '1' },
    sourceRouting: true,
  },
  noLease,
  undefined,
  {
    tables: [100, 101],
    found: {
      owner,
      netns,
      port: 'veth0',
      bridge: 'br0',
      mac: '02:00:00:00:00:01',
      addresses: ['10.44.0.2/24', 'fd00:44::2/64'],
      gateways: ['10.44.0.1', 'fd00:44::1'],
      routes: [{ dst: '192.0.2.0/24', gw: '10.44.0.9', mtu: 1300 }, { dst: '2001:db8:9::/48' }],
    },
  },
)

export const aLink = (name: string, more: Partial<ObservedLink> = {}): ObservedLink => ({
  name,
  index: 1,
  type: '',
  mac: '00:00:00:00:00:00',
  mtu: 1500,
  up: false,
  operstate: 'DOWN',
  promisc: false,
  allmulti: false,
  txQLen: 1000,
  alias: '',
  master: '',
  lower: '',
  details: {},
  addresses: [],
  ...more,
})

/** A host that never had a network, and a new container. */
export const virgin: Observed = {
  ...nothing,
  links: new Map([
    [at(netns, 'lo'), aLink('lo', { mtu: 65536 })],
    [at(HOST, 'eth1'), aLink('eth1', { up: true, operstate: 'UP' })],
  ]),
  sysctls: new Map([
    ...[4, 6].map((family): [string, string] => [at(HOST, FORWARDING[family as 4 | 6]), '0']),
    [at(netns, 'net/ipv4/ip_local_port_range'), '32768\t60999'],
  ]),
  hostAddresses: ['127.0.0.1', '192.0.2.1', '::1', '2001:db8::1', 'fe80::1'],
}
