/** What somebody does by hand to a container's network, one thing at a time, and what CHECK must say of it. */
import type { Container, Host } from './host.ts'
import type { ModeName } from './modes.ts'

export interface Place {
  readonly host: Host
  readonly container: Container
  readonly bridge: string
  /** The host's end of the container's cable. */
  readonly port: string
}

export interface Change {
  readonly mode: ModeName
  /** Fields besides the mode's. */
  readonly more?: Record<string, unknown>
  readonly by: (place: Place) => Promise<unknown>
  /** CHECK's words. */
  readonly says: RegExp
  /** The command that it names to mend it. */
  readonly command?: RegExp
}

const inside =
  (...lines: string[]) =>
  ({ container }: Place) =>
    container.batch(...lines)

const outside =
  (...lines: string[]) =>
  ({ host, bridge, port }: Place) =>
    host.batch(...lines.map(line => line.replaceAll('BRIDGE', bridge).replaceAll('PORT', port)))

const nft =
  (line: string) =>
  ({ host }: Place) =>
    host.ok('nft', ['-f', '-'], { input: line })

/** Those in our table, whatever their names. */
const flushSets = async ({ host }: Place) => {
  const { nftables } = JSON.parse(await host.ok('nft', ['-j', 'list', 'table', 'bridge', 'vethwork']))
  const names = nftables.flatMap(({ set }: { set?: { name: string } }) => (set ? [set.name] : []))
  for (const name of names) await host.ok('nft', ['-f', '-'], { input: `flush set bridge vethwork ${name}` })
}

const set =
  (key: string, value: string) =>
  ({ host }: Place) =>
    host.ok('sh', ['-c', 'echo "$2" >"/proc/sys/net/$1"', 'sh', key, value])

const extraRoute = { mode: 'ipMasq by nftables' } as const
const ipam = {
  type: 'vethwork-ipam',
  ranges: [[{ subnet: '10.44.0.0/24' }]],
  routes: [{ dst: '192.0.2.0/24' }],
}

export const changes: Readonly<Record<string, Change>> = {
  'the address is gone': {
    mode: 'nat',
    by: inside('addr del 10.44.0.2/24 dev eth0'),
    says: /give eth0 the address 10\.44\.0\.2\/24/,
    command: /nsenter --net=\S+ ip addr add 10\.44\.0\.2\/24/,
  },
  'the IPv6 address is gone': {
    mode: 'nat',
    by: inside('addr del fd00:44::2/64 dev eth0'),
    says: /give eth0 the address fd00:44::2\/64/,
    command: /ip addr add fd00:44::2\/64/,
  },
  'the default route is gone': {
    mode: 'nat',
    by: inside('route del default'),
    says: /add the default route via 10\.44\.0\.1/,
    command: /ip route add 0\.0\.0\.0\/0 via 10\.44\.0\.1 dev eth0/,
  },
  'the IPv6 default route is gone': {
    mode: 'nat',
    by: inside('route del ::/0'),
    says: /add the default route via fd00:44::1/,
    command: /ip route add ::\/0 via fd00:44::1 dev eth0/,
  },
  'another route is gone': {
    ...extraRoute,
    more: { ipam },
    by: inside('route del 192.0.2.0/24'),
    says: /add the route to 192\.0\.2\.0\/24/,
    command: /ip route add 192\.0\.2\.0\/24/,
  },
  'a route leads elsewhere': {
    ...extraRoute,
    more: { ipam },
    by: inside('route replace 192.0.2.0/24 via 10.44.0.99 dev eth0'),
    says: /replace the route to 192\.0\.2\.0\/24 via 10\.44\.0\.1/,
    command: /ip route replace 192\.0\.2\.0\/24 via 10\.44\.0\.1/,
  },
  'the container’s end is down': {
    mode: 'nat',
    by: inside('link set eth0 down'),
    says: /set eth0 up/,
    command: /ip link set dev eth0 up/,
  },
  'its loopback is down': { mode: 'nat', by: inside('link set lo down'), says: /set lo up/ },
  'its MAC address is another': {
    mode: 'nat',
    by: inside('link set eth0 address c2:11:22:33:44:99'),
    says: /set eth0 address 02:42/,
    command: /ip link set dev eth0 address 02:42/,
  },
  'its MTU is another': {
    mode: 'nat',
    more: { mtu: 1400 },
    by: inside('link set eth0 mtu 1300'),
    says: /set eth0 mtu 1400/,
  },
  'the container’s end has another name': {
    mode: 'nat',
    by: inside('link set eth0 down', 'link set eth0 name eth7'),
    says: /create the veth pair/,
  },
  'the host’s end is down': {
    mode: 'nat',
    by: outside('link set PORT down'),
    says: /set veth\w+ up/,
    command: /ip link set dev veth\w+ up/,
  },
  'the host’s end is out of the bridge': {
    mode: 'nat',
    by: outside('link set PORT nomaster'),
    says: /set veth\w+ master br-web\.net-1/,
    command: /ip link set dev veth\w+ master br-web\.net-1/,
  },
  'the host’s end is in another bridge': {
    mode: 'nat',
    by: outside('link add other0 type bridge', 'link set PORT master other0'),
    says: /set veth\w+ master br-web\.net-1/,
  },
  'the cable is gone': {
    mode: 'nat',
    by: outside('link del PORT'),
    says: /create the veth pair/,
    command: /ip link add dev veth\w+ .* peer name eth0/,
  },
  'hairpin is off': {
    mode: 'nat',
    by: outside('link set PORT type bridge_slave hairpin off'),
    says: /hairpin on/,
    command: /bridge_slave hairpin on/,
  },
  'the port is not isolated': {
    mode: 'portIsolation',
    by: outside('link set PORT type bridge_slave isolated off'),
    says: /isolated on/,
  },
  'the bridge is down': {
    mode: 'nat',
    by: outside('link set BRIDGE down'),
    says: /set br-web\.net-1 up/,
    command: /ip link set dev br-web\.net-1 up/,
  },
  'the bridge is gone': {
    mode: 'nat',
    by: outside('link del BRIDGE'),
    says: /create the bridge br-web\.net-1/,
  },
  'the bridge’s address is gone': {
    mode: 'nat',
    by: outside('addr del 10.44.0.1/24 dev BRIDGE'),
    says: /give br-web\.net-1 the address 10\.44\.0\.1\/24/,
    command: /ip addr add 10\.44\.0\.1\/24/,
  },
  'the bridge is not promiscuous': {
    mode: 'ipMasq by nftables',
    more: { promiscMode: true },
    by: outside('link set BRIDGE promisc off'),
    says: /set cni0 promisc on/,
  },
  'the nft rules are flushed': {
    mode: 'nat',
    by: nft('flush table inet vethwork'),
    says: /add the nft rule: ip saddr 10\.44\.0\.0\/24 .* masquerade/,
    command: /nft 'add rule inet vethwork/,
  },
  'the nft table is deleted': {
    mode: 'nat',
    by: nft('delete table inet vethwork'),
    says: /create the nft table inet vethwork/,
    command: /nft 'add table inet vethwork'/,
  },
  'all nft rules are flushed': { mode: 'local', by: nft('flush ruleset'), says: /create the nft table/ },
  'the iptables rules are flushed': {
    mode: 'ipMasq by iptables',
    by: ({ host }) => host.ok('iptables', ['-t', 'nat', '-F']),
    says: /add the iptables rule: -s 10\.44\.0\.0\/24 .* MASQUERADE/,
    command: /iptables -t nat -A VETHWORK-/,
  },
  'the jump in ip6tables is deleted': {
    mode: 'ipMasq by iptables',
    by: ({ host }) => host.ok('ip6tables', ['-t', 'nat', '-F', 'POSTROUTING']),
    says: /let POSTROUTING jump to VETHWORK-/,
    command: /ip6tables -t nat -A POSTROUTING/,
  },
  'the elements of macspoofchk are gone': {
    mode: 'macspoofchk',
    by: flushSets,
    says: /put veth\w+ \. 02:42\S+ into the nft set/,
    command: /nft 'add element bridge vethwork/,
  },
  'the rule of macspoofchk is gone': {
    mode: 'macspoofchk',
    by: nft('flush table bridge vethwork'),
    says: /add the nft rule: iifname/,
  },
  'an address that a container may send from is gone': {
    mode: 'ipspoofchk',
    by: flushSets,
    says: /put veth\w+ \. 10\.44\.0\.2 into the nft set/,
    command: /nft 'add element bridge vethwork ipspoofchk-ipv4/,
  },
  'a rule of ipspoofchk is gone': {
    mode: 'ipspoofchk',
    by: nft('flush chain bridge vethwork ipspoofchk/web.net-1'),
    says: /add the nft rule: iifname \. ip saddr/,
  },
  'the container is in no security group': {
    mode: 'securityGroups',
    by: nft('flush set bridge vethwork group-ports-default/web.net-1'),
    says: /put veth\w+ into the nft set group-ports-default/,
    command: /nft 'add element bridge vethwork group-ports-default/,
  },
  'the container’s address is in no security group': {
    mode: 'securityGroups',
    by: nft('flush set bridge vethwork group-ipv6-default/web.net-1'),
    says: /put fd00:44::2 into the nft set group-ipv6-default/,
  },
  'somebody has put a rule in front': {
    mode: 'securityGroups',
    by: nft('insert rule bridge vethwork groups-in/web.net-1 accept'),
    says: /take all rules out of the nft chain groups-in/,
    command: /nft 'flush chain bridge vethwork groups-in/,
  },
  'the isolation of the bridge is gone': {
    mode: 'isolated',
    by: nft('flush chain inet vethwork isolation/web.net-1'),
    says: /add the nft rule: iifname "cni0" oifname != "cni0"/,
  },
  'the bridge is no longer among the secluded': {
    mode: 'isolated',
    by: nft('flush set inet vethwork secluded-bridges'),
    says: /put cni0 into the nft set secluded-bridges/,
    command: /nft 'add element inet vethwork secluded-bridges/,
  },
  'the port of an isolated container is open': {
    mode: 'isolated',
    by: outside('link set PORT type bridge_slave isolated off'),
    says: /isolated on/,
  },
  'the host no longer forwards': {
    mode: 'nat',
    by: set('ipv4/ip_forward', '0'),
    says: /set net\.ipv4\.ip_forward to 1/,
    command: /sysctl -w net\.ipv4\.ip_forward=1/,
  },
  'the host no longer forwards IPv6': {
    mode: 'nat',
    by: set('ipv6/conf/all/forwarding', '0'),
    says: /set net\.ipv6\.conf\.all\.forwarding to 1/,
  },
}
