import type { Site } from './hosts.ts'
import type { Spanning } from './spanning.ts'

const vxlan = { mode: 'vxlan', vni: 5000 } as const
const byMaster = ({ master }: Site) => ({ master })
const all4 = ['192.0.2.1', '192.0.2.2']
const all6 = ['2001:db8::1', '2001:db8::2']
const inUdp: Spanning['wire'] = ['udp dst port 4789', /VXLAN, flags \[I\] \(0x08\), vni 5000\n/]

/** What this machine's kernel has. */
export const native: Readonly<Record<string, Spanning>> = {
  'vxlan, group': {
    fields: site => ({ ...vxlan, ...byMaster(site), group: '239.1.1.1' }),
    other: { vni: 5001 },
    mtu: 1450,
    wire: inUdp,
  },
  'vxlan, IPv6 group': {
    fields: site => ({ ...vxlan, ...byMaster(site), group: 'ff05::100' }),
    other: { vni: 5001 },
    mtu: 1430,
    wire: inUdp,
  },
  'vxlan, peers': {
    fields: site => ({ ...vxlan, ...byMaster(site), peers: all4 }),
    other: { vni: 5001 },
    mtu: 1450,
    wire: inUdp,
  },
  'vxlan, IPv6 peers': {
    fields: site => ({ ...vxlan, local: site.v6, peers: all6 }),
    other: { vni: 5001 },
    mtu: 1430,
    wire: inUdp,
  },
  flat: {
    fields: site => ({ mode: 'flat', ...byMaster(site) }),
    mtu: 1500,
    onLan: true,
    wire: ['icmp', /ethertype IPv4 \(0x0800\), length 98: 192/],
  },
  macvlan: {
    fields: site => ({ mode: 'macvlan', ...byMaster(site) }),
    mtu: 1500,
    onLan: true,
    bare: true,
    wire: ['icmp', /ethertype IPv4 \(0x0800\), length 98: 192/],
  },
}

const gre = { mode: 'gre', key: 700 } as const

/** What it needs a stock kernel for. */
export const stock: Readonly<Record<string, Spanning>> = {
  vlan: {
    fields: site => ({ mode: 'vlan', ...byMaster(site), vlanId: 100 }),
    other: { vlanId: 101 },
    mtu: 1500,
    own: /eth1\.100/,
    wire: ['vlan 100 and icmp', /802\.1Q \(0x8100\), length 102: vlan 100, p 0, ethertype IPv4/],
  },
  gre: {
    fields: site => ({ ...gre, ...byMaster(site), peers: all4 }),
    other: { key: 701 },
    mtu: 1458,
    own: /gre\w{10}/,
    wire: ['ip proto 47', /GREv0, key=0x2bc, proto TEB/],
  },
  'gre, IPv6': {
    fields: site => ({ ...gre, local: site.v6, peers: all6 }),
    other: { key: 701 },
    mtu: 1438,
    own: /type ip6gretap/,
    wire: ['ip6 proto 47', /GREv0, key=0x2bc, proto TEB/],
  },
  'ipvlan l2': {
    fields: site => ({ mode: 'ipvlan', ...byMaster(site) }),
    mtu: 1500,
    onLan: true,
    bare: true,
    wire: ['icmp', /ethertype IPv4 \(0x0800\), length 98: 192/],
  },
}
