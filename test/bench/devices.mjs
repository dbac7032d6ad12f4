// What is compared: each mode as the plugin makes it, and the same devices made by hand.

/** The interface of both hosts, and their addresses on it. */
export const UNDERLAY = 'eth1'
export const hostAddress = n => `198.51.100.${n}`
export const address = n => `10.70.0.${10 + n}`

const peers = [hostAddress(1), hostAddress(2)]
const master = UNDERLAY

/** Of a bridge: what it is plugged into. `self` and `other` are the numbers of the hosts. */
const uplinks = {
  local: () => [],
  flat: () => [`link set ${UNDERLAY} master br0`],
  vlan: () => [`link add up1 link ${UNDERLAY} type vlan id 100`],
  vxlan: (self, other) => [
    `link add up1 type vxlan id 5000 dev ${UNDERLAY} local ${hostAddress(self)} remote ${hostAddress(other)} dstport 4789`,
  ],
  gre: (self, other) => [
    `link add up1 type gretap local ${hostAddress(self)} remote ${hostAddress(other)} key 5000`,
  ],
}

const bridged = (mode, mtu) => (self, containers) => {
  const up = uplinks[mode](self, 3 - self)
  return [
    'link add br0 type bridge',
    ...up,
    ...(up.some(line => line.startsWith('link add up1')) ? [`link set up1 master br0 mtu ${mtu} up`] : []),
    ...containers.map(
      ({ netns, n }) =>
        `link add v${n} mtu ${mtu} master br0 up type veth peer name eth0 mtu ${mtu} netns ${netns}`,
    ),
    `link set br0 mtu ${mtu} up`,
  ]
}

const onMaster = kind => (_, containers) =>
  containers.map(({ netns }) => `link add eth0 link ${UNDERLAY} netns ${netns} type ${kind}`)

/** Of a VLAN-aware bridge: access ports, and the trunk, which is the administrator's in either case. */
const aware = (_, containers) => [
  'link add br0 type bridge vlan_filtering 1',
  ...containers.map(({ netns, n }) => `link add v${n} master br0 up type veth peer name eth0 netns ${netns}`),
  'link set br0 up',
]
const access = (_, containers) =>
  containers.flatMap(({ n }) => [`vlan del dev v${n} vid 1`, `vlan add dev v${n} vid 100 pvid untagged`])
const trunk = {
  ip: [`link set ${UNDERLAY} master br0`],
  bridge: [`vlan del dev ${UNDERLAY} vid 1`, `vlan add dev ${UNDERLAY} vid 100`],
}

/** `needs` is a type of `ip link add` that not every kernel has, tried on an interface v0. */
export const modes = {
  local: { config: {}, byHand: bridged('local', 1500), hosts: 1 },
  flat: { config: { master }, byHand: bridged('flat', 1500) },
  vlan: { config: { master, vlanId: 100 }, byHand: bridged('vlan', 1500), needs: 'link v0 type vlan id 2' },
  vxlan: {
    config: { master, vni: 5000, peers },
    byHand: bridged('vxlan', 1450),
    needs: 'type vxlan id 2 dstport 4789',
  },
  gre: {
    config: { master, key: 5000, peers },
    byHand: bridged('gre', 1458),
    needs: 'type gretap local 192.0.2.1 remote 192.0.2.2',
  },
  'vlan-aware': {
    config: { mode: undefined, bridge: 'br0', vlan: 100, preserveDefaultVlan: false },
    byHand: aware,
    bridgeByHand: access,
    after: trunk,
    needs: 'type bridge vlan_filtering 1',
  },
  macvlan: { config: { master }, byHand: onMaster('macvlan mode bridge'), needs: 'link v0 type macvlan' },
  ipvlan: { config: { master }, byHand: onMaster('ipvlan mode l2'), needs: 'link v0 type ipvlan' },
}
