/**
 * A running network, broken by hand in one way each: what `vethwork doctor` must call it, which packet no longer
 * passes, and who heals it. For whoever looks for the place where a packet ends (`vethwork trace`), too.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { beyond, configOf, gateways } from './modes.ts'
import { type Place, spanned, tunnelled, wired } from './places.ts'
import { web } from './portmappings.ts'
import type { Extra } from './runtime.ts'
import { stock } from './spanning-modes.ts'

/** One packet, from whom to whom. */
export interface Way {
  readonly from: 'one' | 'two' | 'outside'
  /** An address without prefix length. */
  readonly to: string
  /** Of TCP; an echo request without it. */
  readonly port?: number
}

export interface Breakage {
  /** The network and its two containers, as they are before it. */
  readonly at: ReturnType<typeof wired>
  readonly by: (place: Place) => Promise<unknown>
  /** Of the finding. */
  readonly id: string
  /** What the finding must name. */
  readonly names: (place: Place) => string
  /**
   * `fix`: it is ours, `doctor --fix` heals it. `command`: it is not; whoever types the command that doctor says does.
   * `told`: no command can be known.
   */
  readonly healed: 'fix' | 'command' | 'told'
  /** It is found by frames of our own, which no program sends for us. */
  readonly asks?: true
  /** What does not pass while it is so, and passes before and after; undefined if all passes. */
  readonly stops?: Way
}

const out: Way = { from: 'one', to: beyond.v4 }
const out6: Way = { from: 'one', to: beyond.v6 }

const nat = (more: Record<string, unknown> = {}, extra?: Extra) => wired(configOf('nat', 'dual', more), extra)
const published = nat({ runtimeConfig: { portMappings: [web] } })

const inside =
  (...lines: string[]) =>
  ({ one }: Place) =>
    one.batch(...lines)

const outside =
  (...lines: string[]) =>
  ({ host, bridge, port }: Place) =>
    host.batch(...lines.map(line => line.replaceAll('BRIDGE', bridge).replaceAll('PORT', port)))

const sh =
  (line: string) =>
  ({ host, bridge }: Place) =>
    host.ok('sh', ['-ec', line.replaceAll('BRIDGE', bridge)])

const nft =
  (...lines: string[]) =>
  ({ host }: Place) =>
    host.ok('nft', ['-f', '-'], { input: `${lines.join('\n')}\n` })

const aContainer = ({ one }: Place) => one.id.slice(0, 12)
const theNetwork = ({ network }: Place) => network
const theBridge = ({ bridge }: Place) => bridge
const thePort = ({ port }: Place) => port
const the = (words: string) => () => words

/** Containers. */
export const inContainers: Readonly<Record<string, Breakage>> = {
  'the default route of a container is deleted': {
    at: nat(),
    by: inside('route del default'),
    id: 'container-route-missing',
    names: aContainer,
    healed: 'fix',
    stops: out,
  },
  'its IPv6 default route is deleted': {
    at: nat(),
    by: inside('route del ::/0'),
    id: 'container-route-missing',
    names: aContainer,
    healed: 'fix',
    stops: out6,
  },
  'its address is removed': {
    at: nat(),
    by: inside('addr del 10.44.0.2/24 dev eth0'),
    id: 'container-address-missing',
    names: aContainer,
    healed: 'fix',
    stops: out,
  },
  'its IPv6 address is removed': {
    at: nat(),
    by: inside('addr del fd00:44::2/64 dev eth0'),
    id: 'container-address-missing',
    names: aContainer,
    healed: 'fix',
    stops: out6,
  },
  'its interface is down': {
    at: nat(),
    by: inside('link set eth0 down'),
    id: 'container-interface-down',
    names: aContainer,
    healed: 'fix',
    stops: out,
  },
  'the MTU of its interface is lowered': {
    at: nat(),
    by: inside('link set eth0 mtu 1300'),
    id: 'container-mtu-differs',
    names: aContainer,
    healed: 'command',
  },
  'two containers have one address': {
    at: nat(),
    by: ({ two }) => two.batch('addr add 10.44.0.2/24 dev eth0'),
    id: 'duplicate-address',
    names: the('10.44.0.2'),
    healed: 'command',
  },
  'somebody on the wire has its address': {
    at: nat(),
    by: async ({ host, bridge }) => {
      const stranger = await host.container()
      await host.batch(
        `link add wire0 master ${bridge} up type veth peer name eth0 netns ${stranger.name}`,
        'link set wire0 up',
      )
      await stranger.batch('link set eth0 up', 'addr add 10.44.0.2/24 dev eth0')
    },
    id: 'duplicate-address',
    names: the('10.44.0.2'),
    healed: 'told',
    asks: true,
  },
}

/** Cables and bridges. */
export const inCables: Readonly<Record<string, Breakage>> = {
  'the host’s end of a cable is down': {
    at: nat(),
    by: outside('link set PORT down'),
    id: 'cable-down',
    names: thePort,
    healed: 'fix',
    stops: out,
  },
  'it is unplugged from its bridge': {
    at: nat(),
    by: outside('link set PORT nomaster'),
    id: 'cable-unplugged',
    names: thePort,
    healed: 'fix',
    stops: out,
  },
  'it is plugged into another bridge': {
    at: nat(),
    by: outside('link add other0 type bridge', 'link set PORT master other0'),
    id: 'cable-unplugged',
    names: thePort,
    healed: 'fix',
    stops: out,
  },
  'the cable is gone': {
    at: nat(),
    by: outside('link del PORT'),
    id: 'cable-missing',
    names: aContainer,
    healed: 'fix',
    stops: out,
  },
  'the bridge is down': {
    at: nat(),
    by: outside('link set BRIDGE down'),
    id: 'bridge-down',
    names: theBridge,
    healed: 'fix',
    stops: out,
  },
  'the bridge is gone': {
    at: nat(),
    by: outside('link del BRIDGE'),
    id: 'bridge-missing',
    names: theBridge,
    healed: 'fix',
    stops: out,
  },
  'the gateway’s address is gone': {
    at: nat(),
    by: outside(`addr del ${gateways.v4}/24 dev BRIDGE`),
    id: 'gateway-address-missing',
    names: the(gateways.v4),
    healed: 'fix',
    stops: out,
  },
  'the bridge has another MAC address': {
    at: nat(),
    by: outside('link set BRIDGE address 02:00:00:00:00:99'),
    id: 'bridge-mac-changed',
    names: theBridge,
    healed: 'fix',
  },
  'the MTU of the bridge is lowered': {
    at: nat(),
    by: outside('link set BRIDGE mtu 1300'),
    id: 'mtu-changed',
    names: theBridge,
    healed: 'fix',
  },
  'the MTU of the host’s end is lowered': {
    at: nat(),
    by: outside('link set PORT mtu 1300'),
    id: 'mtu-changed',
    names: thePort,
    healed: 'fix',
  },
  'hairpin is off': {
    at: nat(),
    by: outside('link set PORT type bridge_slave hairpin off'),
    id: 'port-setting-changed',
    names: thePort,
    healed: 'fix',
  },
  'the limits of a container are gone': {
    at: nat({ runtimeConfig: { bandwidth: { ingressRate: 8_000_000, ingressBurst: 800_000 } } }),
    by: ({ host, port }) => host.ok('tc', ['qdisc', 'del', 'dev', port, 'root']),
    id: 'rate-limit-missing',
    names: thePort,
    healed: 'fix',
  },
  'a wrong neighbour is told for ever': {
    at: nat(),
    by: outside('neigh replace 10.44.0.2 lladdr 02:00:00:00:00:99 dev BRIDGE nud permanent'),
    id: 'stale-neighbour',
    names: the('10.44.0.2'),
    healed: 'command',
    stops: { from: 'one', to: gateways.v4 },
  },
  'a wrong port is told for ever': {
    at: nat(),
    by: async ({ host, bridge, one }) => {
      const [{ address }] = await one.ip('link show dev eth0')
      await host.batch(`link add wrong0 master ${bridge} up type veth peer name wrong1`, 'link set wrong1 up')
      await host.ok('bridge', ['fdb', 'replace', address, 'dev', 'wrong0', 'master', 'static', 'sticky'])
    },
    id: 'stale-fdb-entry',
    names: the('wrong0'),
    healed: 'command',
    stops: { from: 'two', to: '10.44.0.2' },
  },
}

/** The host's rules and settings. */
export const inRules: Readonly<Record<string, Breakage>> = {
  'the host no longer forwards': {
    at: nat(),
    by: sh('echo 0 >/proc/sys/net/ipv4/ip_forward'),
    id: 'forwarding-off',
    names: the('net.ipv4.ip_forward'),
    healed: 'fix',
    stops: out,
  },
  'it no longer forwards IPv6': {
    at: nat(),
    by: sh('echo 0 >/proc/sys/net/ipv6/conf/all/forwarding'),
    id: 'forwarding-off',
    names: the('net.ipv6.conf.all.forwarding'),
    healed: 'fix',
    stops: out6,
  },
  'somebody sets FORWARD to DROP': {
    at: nat(),
    by: sh('iptables-nft -P FORWARD DROP'),
    id: 'forward-drop',
    names: theNetwork,
    healed: 'fix',
    stops: out,
  },
  'FORWARD ends with REJECT': {
    at: nat(),
    by: sh('iptables-legacy -A FORWARD -j REJECT'),
    id: 'forward-drop',
    names: theNetwork,
    healed: 'fix',
    stops: out,
  },
  'somebody else’s chain drops what it does not know': {
    at: nat(),
    by: nft(
      'add table inet firewall',
      'add chain inet firewall onward { type filter hook forward priority 0; policy drop; }',
    ),
    id: 'foreign-chain-drops',
    names: the('inet firewall onward'),
    healed: 'command',
    stops: out,
  },
  'a rule of somebody else drops the subnet': {
    at: nat(),
    by: nft(
      'add table inet firewall',
      'add chain inet firewall onward { type filter hook forward priority 0; }',
      'add rule inet firewall onward ip saddr 10.44.0.0/16 drop',
    ),
    id: 'foreign-rule-drops',
    names: the('inet firewall onward'),
    healed: 'command',
    stops: out,
  },
  'a rule of iptables drops the subnet': {
    at: nat(),
    by: sh('iptables-nft -I FORWARD -s 10.44.0.0/24 -j DROP'),
    id: 'foreign-rule-drops',
    names: the('FORWARD'),
    healed: 'command',
    stops: out,
  },
  'all rules are flushed': {
    at: nat(),
    by: nft('flush ruleset'),
    id: 'masquerade-missing',
    names: theNetwork,
    healed: 'fix',
    stops: out,
  },
  'a chain of ours is emptied': {
    at: nat(),
    by: nft('flush table inet vethwork'),
    id: 'masquerade-missing',
    names: theNetwork,
    healed: 'fix',
    stops: out,
  },
  'masquerade by iptables is flushed': {
    at: wired(configOf('ipMasq by iptables', 'dual')),
    by: sh('iptables -t nat -F'),
    id: 'masquerade-missing',
    names: theNetwork,
    healed: 'fix',
    stops: out,
  },
  'a published port leads nowhere': {
    at: published,
    by: nft('flush map inet vethwork ports4-all'),
    id: 'port-map-missing',
    names: aContainer,
    healed: 'fix',
    stops: { from: 'outside', to: '198.51.100.1', port: 8080 },
  },
  'the isolation of a network is gone': {
    at: wired(configOf('isolated', 'dual')),
    by: nft('flush chain inet vethwork isolation/web.net-1'),
    id: 'isolation-missing',
    names: theNetwork,
    healed: 'fix',
  },
  'the port of an isolated container is open': {
    at: wired(configOf('isolated', 'dual')),
    by: async place => {
      const ports = await place.host.ip(`link show master ${place.bridge}`)
      for (const { ifname } of ports)
        await place.host.batch(`link set ${ifname} type bridge_slave isolated off`)
    },
    id: 'port-setting-changed',
    names: thePort,
    healed: 'fix',
  },
  'a container is in no security group': {
    at: wired(configOf('securityGroups', 'dual')),
    by: nft('flush set bridge vethwork group-ports-default/web.net-1'),
    id: 'security-group-missing',
    names: aContainer,
    healed: 'fix',
  },
  'the check of MAC addresses is gone': {
    at: wired(configOf('macspoofchk', 'dual')),
    by: nft('flush table bridge vethwork'),
    id: 'spoof-check-missing',
    names: theNetwork,
    healed: 'fix',
  },
  'the check of IP addresses is gone': {
    at: wired(configOf('ipspoofchk', 'dual')),
    by: nft('flush chain bridge vethwork ipspoofchk/web.net-1'),
    id: 'spoof-check-missing',
    names: theNetwork,
    healed: 'fix',
  },
  'both kinds of iptables hold rules': {
    at: nat(),
    by: sh('iptables-legacy -A INPUT -j ACCEPT; iptables-nft -A INPUT -j ACCEPT'),
    id: 'firewalls-mixed',
    names: the('iptables-legacy'),
    healed: 'told',
  },
  'router advertisements are no longer taken': {
    at: nat(),
    by: sh(
      'ip -6 route add default via fe80::1 dev eth0 proto ra; echo 1 >/proc/sys/net/ipv6/conf/eth0/accept_ra',
    ),
    id: 'accept-ra-off',
    names: the('eth0'),
    healed: 'fix',
  },
}

/** What is remembered, and what else is on the host. */
export const inState: Readonly<Record<string, Breakage>> = {
  'a container went without DEL': {
    at: nat(),
    by: ({ host, one }) => host.remove(one),
    id: 'attachment-stale',
    names: aContainer,
    healed: 'fix',
  },
  'the pool is all but empty': {
    at: nat({ ipam: { type: 'vethwork-ipam', ranges: [[{ subnet: '10.44.0.0/29' }]] } }),
    by: async ({ add, config, host }) => {
      for (const container of await host.containers(2)) await add(container, config)
    },
    id: 'pool-low',
    names: theNetwork,
    healed: 'told',
  },
  'the pool is empty': {
    at: nat({ ipam: { type: 'vethwork-ipam', ranges: [[{ subnet: '10.44.0.0/29' }]] } }),
    by: async ({ add, config, host }) => {
      for (const container of await host.containers(3)) await add(container, config)
    },
    id: 'pool-empty',
    names: theNetwork,
    healed: 'told',
  },
  'a lease file is cut off': {
    at: nat(),
    by: async ({ host, network }) => {
      const folder = `${host.stateDir}/${network}/blocks`
      const file = `${folder}/${readdirSync(folder)[0]}`
      writeFileSync(file, readFileSync(file, 'utf8').slice(0, 40))
    },
    id: 'state-damaged',
    names: the('blocks/'),
    healed: 'fix',
  },
  'a record is cut off': {
    at: nat(),
    by: async ({ host, network }) => {
      const folder = `${host.stateDir}/.attachments/${network}`
      writeFileSync(`${folder}/${readdirSync(folder)[0]}`, '{"half')
    },
    id: 'record-damaged',
    names: the('.attachments/'),
    healed: 'command',
  },
  'a file of the host is cut off': {
    at: nat(),
    by: ({ host }) => host.ok('truncate', ['-s', '9', `${host.stateDir}/sysctls.json`]),
    id: 'state-damaged',
    names: the('sysctls.json'),
    healed: 'command',
  },
  'everybody may read the state': {
    at: nat(),
    by: ({ host }) => host.ok('chmod', ['777', host.stateDir]),
    id: 'state-open',
    names: ({ host }) => host.stateDir,
    healed: 'fix',
  },
  'another interface has the subnet, too': {
    at: nat(),
    by: ({ host }) =>
      host.batch(
        'link add lan0 type bridge',
        'link set lan0 up',
        'addr add 10.44.0.200/24 dev lan0 metric 1',
      ),
    id: 'subnet-overlaps',
    names: the('lan0'),
    healed: 'command',
  },
  'another network has the subnet, too': {
    at: nat(),
    by: async ({ add, config, host }) => {
      await add(await host.container(), { ...config, name: 'twin', bridge: 'br-twin' })
    },
    id: 'subnet-overlaps',
    names: the('twin'),
    healed: 'told',
  },
  'a process listens at a published port': {
    at: published,
    by: async ({ host, listen }) => listen(host, 8080),
    id: 'port-listened-on',
    names: the('8080'),
    healed: 'told',
  },
  'another executable lies where runtimes look': {
    at: nat(),
    by: async ({ binDir }) => {
      mkdirSync(binDir, { recursive: true })
      writeFileSync(`${binDir}/vethwork`, '#!/bin/sh\necho 0.0.1\n', { mode: 0o755 })
    },
    id: 'plugin-differs',
    names: the('0.0.1'),
    healed: 'told',
  },
}

/** Tunnels: `one` and `two` are on two hosts, `host` is the first of them. */
export const inTunnels: Readonly<Record<string, Breakage>> = {
  'the VXLAN device is gone': {
    at: tunnelled(),
    by: outside('link del vx5000'),
    id: 'uplink-missing',
    names: the('vx5000'),
    healed: 'fix',
    stops: { from: 'one', to: '10.60.0.120' },
  },
  'it is down': {
    at: tunnelled(),
    by: outside('link set vx5000 down'),
    id: 'uplink-down',
    names: the('vx5000'),
    healed: 'fix',
    stops: { from: 'one', to: '10.60.0.120' },
  },
  'it is out of the bridge': {
    at: tunnelled(),
    by: outside('link set vx5000 nomaster'),
    id: 'uplink-unplugged',
    names: the('vx5000'),
    healed: 'fix',
    stops: { from: 'one', to: '10.60.0.120' },
  },
  'it is another one': {
    at: tunnelled(),
    by: outside(
      'link del vx5000',
      'link add vx5000 type vxlan id 5001 dstport 4789 dev eth1',
      'link set vx5000 up',
    ),
    id: 'uplink-differs',
    names: the('vx5000'),
    healed: 'command',
    stops: { from: 'one', to: '10.60.0.120' },
  },
  'a peer is forgotten': {
    at: tunnelled(),
    by: ({ host }) =>
      host.ok('bridge', ['fdb', 'del', '00:00:00:00:00:00', 'dev', 'vx5000', 'dst', '192.0.2.2']),
    id: 'tunnel-peer-missing',
    names: the('192.0.2.2'),
    healed: 'fix',
  },
  'the underlay takes smaller packets only': {
    at: tunnelled(),
    by: outside('link set eth1 mtu 1400'),
    id: 'mtu-above-underlay',
    names: the('eth1'),
    healed: 'command',
  },
  'the MTU that is configured no longer fits': {
    at: tunnelled({ mtu: 1450 }),
    by: outside('link set eth1 mtu 1400'),
    id: 'mtu-above-underlay',
    names: the('eth1'),
    healed: 'told',
  },
  'the underlay is down': {
    at: tunnelled(),
    by: outside('link set eth1 down'),
    id: 'underlay-down',
    names: the('eth1'),
    healed: 'command',
  },
  'its cable is pulled': {
    at: tunnelled(),
    by: ({ wire }) => wire!.batch('link set p1 down'),
    id: 'underlay-without-carrier',
    names: the('eth1'),
    healed: 'told',
    stops: { from: 'one', to: '10.60.0.120' },
  },
  'checksums are left to the card': {
    at: tunnelled({ txChecksum: false }),
    by: ({ host }) => host.ok('ethtool', ['-K', 'vx5000', 'tx', 'on']),
    id: 'checksum-offload-on',
    names: the('vx5000'),
    healed: 'fix',
  },
}

/** What needs 802.1Q: not every kernel has it. */
export const inVlans: Readonly<Record<string, Breakage>> = {
  'the uplink is in another VLAN': {
    at: spanned(stock.vlan!),
    by: outside(
      'link del eth1.100',
      'link add link eth1 name eth1.100 type vlan id 200',
      'link set eth1.100 master BRIDGE up',
    ),
    id: 'uplink-differs',
    names: the('id 200, not 100'),
    healed: 'command',
    stops: { from: 'one', to: '10.60.0.120' },
  },
  'the uplink is gone': {
    at: spanned(stock.vlan!),
    by: outside('link del eth1.100'),
    id: 'uplink-missing',
    names: the('eth1.100'),
    healed: 'fix',
    stops: { from: 'one', to: '10.60.0.120' },
  },
}

/** On any kernel. */
export const breakages: Readonly<Record<string, Breakage>> = {
  ...inContainers,
  ...inCables,
  ...inRules,
  ...inState,
  ...inTunnels,
}
