// The model alone: a host in tables, changed in one way each, and where the packet ends then.

import { expect, test } from '@jest/globals'
import type { Packet } from '../../../../src/cli/trace/packet.ts'
import { traced } from '../../../../src/cli/trace/trace.ts'
import { HOST, type Netns } from '../../../../src/plan/netns.ts'
import { packetOf } from './packets.ts'
import { added, baseChain, changed, ONE, own, rule, sightOf, TWO, type World, world } from './world.ts'

type Case = readonly [
  what: string,
  from: Netns | undefined,
  to: string,
  change: (world: World) => unknown,
  says: RegExp,
  more?: Partial<Packet>,
]

const icmp = { protocol: 'icmp', sport: 0, dport: 0 } as const
const outside = '198.51.100.2'
const masq = 'inet vethwork masquerade/web'
const drop =
  (family: string, hook: string, ...matches: Record<string, unknown>[]) =>
  (one: World) =>
    one.rules[HOST]!.push(
      baseChain(family, 'fw', 'c', hook, 0),
      rule(family, 'fw', 'c', ...matches, { drop: null }),
    )
const peer = { ...icmp, size: 1400 }

const vxlan = (one: World) => {
  added(one, HOST, 'vx5', 6, {
    type: 'vxlan',
    master: 'br-web',
    alias: 'vethwork:web',
    details: { id: 5, local: '198.51.100.1', port: 4789 },
  })
  one.links[HOST] = one.links[HOST]!.filter(({ name }) => name !== 'veth2')
  one.plugs = one.plugs.slice(0, 1).map(plug => ({ ...plug, wayOut: 'vx5' }))
  one.fdb = [{ mac: '00:00:00:00:00:00', dev: 'vx5', state: 'permanent', dst: '198.51.100.9', self: true }]
}

const vlanAware = (one: World) => {
  changed(one, HOST, 'br-web', { details: { vlan_filtering: 1 } })
  const access = (vid: number) => [{ vid, pvid: true, untagged: true }]
  one.vlans = { veth1: access(7), veth2: access(7) }
}

const cases: readonly Case[] = [
  [
    'all is well: a neighbour',
    ONE,
    '10.22.0.3',
    () => {},
    /^delivered to eth0 of container two, and the answer comes back$/,
  ],
  [
    'all is well: the outside',
    ONE,
    outside,
    () => {},
    /^delivered as far as can be seen from here: it leaves by eth0$/,
  ],
  ['all is well: the gateway', ONE, '10.22.0.1', () => {}, /^delivered to br-web,/],
  ['all is well: from the host', HOST, '10.22.0.2', () => {}, /^delivered to eth0 of container one,/],
  ['all is well: the host itself', HOST, '198.51.100.1', () => {}, /^delivered to lo,/],
  ['all is well: from outside', undefined, '10.22.0.2', () => {}, /^delivered to eth0 of container one,/],

  [
    'no route',
    ONE,
    outside,
    w => delete w.routes[ONE]!.default,
    /^dropped at the routes of container one because ip route get 198\.51\.100\.2 says: Network is unreachable; do: vethwork repair one$/,
  ],
  [
    'no route, for there is no interface',
    ONE,
    outside,
    w => {
      w.routes[ONE] = {}
      w.links[ONE] = []
    },
    /^dropped at eth0 of container one because it is gone/,
  ],
  [
    'no route, for it is down',
    ONE,
    outside,
    w => {
      w.routes[ONE] = {}
      changed(w, ONE, 'eth0', { up: false })
    },
    /^dropped at eth0 of container one because it is down; do: vethwork repair one$/,
  ],
  [
    'no route, for the address is gone',
    ONE,
    outside,
    w => {
      w.routes[ONE] = {}
      changed(w, ONE, 'eth0', { addresses: [] })
    },
    /because it has not its address 10\.22\.0\.2\/24 any more/,
  ],
  [
    'nobody has the address',
    ONE,
    '10.22.0.9',
    w => {
      w.routes[ONE]!['10.22.0.9'] = w.routes[ONE]!['10.22.0.3']!
    },
    /^dropped at ARP by eth0 of container one because nobody on br-web has 10\.22\.0\.9/,
  ],
  [
    'who had the address lost it',
    ONE,
    '10.22.0.3',
    w => changed(w, TWO, 'eth0', { addresses: [] }),
    /^dropped at eth0 of container two because it has not its address/,
  ],
  [
    'nobody answered',
    ONE,
    outside,
    w => {
      w.neighbours['host eth0 198.51.100.2'] = { mac: '', state: 'FAILED' }
    },
    /^dropped at ARP by eth0 because nobody answered for 198\.51\.100\.2/,
  ],
  [
    'a wrong neighbour',
    ONE,
    '10.22.0.3',
    w => {
      w.neighbours[`${ONE} eth0 10.22.0.3`] = { mac: '02:00:00:00:00:99', state: 'PERMANENT' }
    },
    /^dropped at the neighbour entry 10\.22\.0\.3 of container one because it says 02:00:00:00:00:99 \(PERMANENT\), but 10\.22\.0\.3 is at 02:00:00:00:00:12; do: nsenter --net=\/run\/netns\/one ip neigh del 10\.22\.0\.3 dev eth0$/,
  ],
  [
    "the host's end is down",
    ONE,
    outside,
    w => changed(w, HOST, 'veth1', { up: false }),
    /^dropped at veth1 because the cable of container one is down/,
  ],
  [
    'it is unplugged',
    ONE,
    outside,
    w => changed(w, HOST, 'veth1', { master: '' }),
    /^dropped at veth1 because the cable of container one is not plugged into br-web;/,
  ],
  [
    "the other's is unplugged",
    ONE,
    '10.22.0.3',
    w => changed(w, HOST, 'veth2', { master: 'br-db' }),
    /^dropped at veth2 because .* but into br-db;/,
  ],
  [
    "the other's is gone",
    ONE,
    '10.22.0.3',
    w => {
      w.links[HOST] = w.links[HOST]!.filter(({ name }) => name !== 'veth2')
    },
    /^dropped at veth2 because the cable of container two is gone/,
  ],
  [
    'the bridge is down',
    ONE,
    outside,
    w => changed(w, HOST, 'br-web', { up: false }),
    /^dropped at br-web because the bridge is down; do: ip link set br-web up$/,
  ],
  [
    'the port is blocking',
    ONE,
    outside,
    w => changed(w, HOST, 'veth1', { port: { hairpin: false, isolated: false, state: 'blocking' } }),
    /^dropped at veth1 because as a port of br-web it is blocking/,
  ],
  [
    'isolated ports',
    ONE,
    '10.22.0.3',
    w => {
      for (const name of ['veth1', 'veth2'])
        changed(w, HOST, name, { port: { hairpin: false, isolated: true, state: 'forwarding' } })
    },
    /^dropped at veth2 because veth1 and veth2 are isolated ports/,
  ],
  [
    'a wrong entry of the bridge',
    ONE,
    '10.22.0.3',
    w => w.fdb.push({ mac: '02:00:00:00:00:12', dev: 'veth1', state: 'static', self: false }),
    /^dropped at the forwarding database of br-web because it says that 02:00:00:00:00:12 is at veth1, but that is container two at veth2; do: bridge fdb del 02:00:00:00:00:12 dev veth1 master$/,
  ],
  [
    'the bridge takes it for its own',
    ONE,
    '10.22.0.3',
    w => w.fdb.push({ mac: '02:00:00:00:00:12', dev: 'veth1', state: 'permanent', self: false }),
    /is at the host, but that is container two/,
  ],
  ['a VLAN: the same', ONE, '10.22.0.3', vlanAware, /^delivered to eth0 of container two/],
  [
    'a VLAN: another',
    ONE,
    '10.22.0.3',
    w => {
      vlanAware(w)
      w.vlans.veth2 = [{ vid: 8, pvid: true, untagged: true }]
    },
    /^dropped at veth2 because it is not in VLAN 7; do: bridge vlan add dev veth2 vid 7$/,
  ],
  [
    'a VLAN: none',
    ONE,
    '10.22.0.3',
    w => {
      vlanAware(w)
      w.vlans.veth1 = []
    },
    /^dropped at veth1 because untagged frames belong to no VLAN there/,
  ],
  [
    "the other's interface is down",
    ONE,
    '10.22.0.3',
    w => changed(w, TWO, 'eth0', { up: false }),
    /^dropped at eth0 of container two because it is down/,
  ],
  [
    'too large for the sender',
    ONE,
    '10.22.0.3',
    w => changed(w, ONE, 'eth0', { mtu: 1300 }),
    /^dropped at the MTU of eth0 of container one because a packet of 1400 bytes does not fit into 1300/,
    peer,
  ],
  [
    'too large for a port',
    ONE,
    '10.22.0.3',
    w => changed(w, HOST, 'veth2', { mtu: 1300 }),
    /^dropped at the MTU of veth2 because a frame of 1400 bytes/,
    peer,
  ],
  [
    'too large for the receiver',
    ONE,
    '10.22.0.3',
    w => changed(w, TWO, 'eth0', { mtu: 1300 }),
    /^dropped at the MTU of eth0 of container two/,
    peer,
  ],
  [
    'no forwarding',
    ONE,
    outside,
    w => {
      w.sysctls['host net/ipv4/conf/br-web/forwarding'] = '0'
    },
    /^dropped at net\.ipv4\.ip_forward because it is 0: .*; do: sysctl -w net\.ipv4\.ip_forward=1$/,
  ],
  [
    'rp_filter',
    ONE,
    outside,
    w => {
      w.routes[HOST]!.default = { kind: 'refused', words: 'Invalid cross-device link' }
      w.sysctls['host net/ipv4/conf/br-web/rp_filter'] = '1'
    },
    /^dropped at rp_filter of br-web because packets from 10\.22\.0\.2 are not expected by br-web/,
  ],
  [
    'a martian',
    ONE,
    outside,
    w => {
      w.routes[HOST]!.default = { kind: 'refused', words: 'Invalid argument' }
    },
    /^dropped at br-web because 10\.22\.0\.2 is no source that may come by it/,
  ],
  [
    'the host has no route',
    ONE,
    outside,
    w => {
      w.routes[HOST]!.default = { kind: 'refused', words: 'Network is unreachable' }
    },
    /^dropped at the routes of host because/,
  ],
  [
    'the way out has no carrier',
    ONE,
    outside,
    w => changed(w, HOST, 'eth0', { operstate: 'DOWN' }),
    /^dropped at eth0 because it carries nothing/,
  ],
  [
    'another interface has the subnet',
    undefined,
    '10.22.0.2',
    w => {
      w.routes[HOST]!['10.22.0.2'] = { kind: 'unicast', dev: 'eth0', via: '', source: '' }
    },
    /^dropped at the routes of host because 10\.22\.0\.2 is container one behind br-web, and the route leads by eth0/,
  ],
  [
    'no masquerade',
    ONE,
    outside,
    w => {
      w.rules[HOST] = []
    },
    /^dropped at the masquerade of network web because it leaves by eth0 as 10\.22\.0\.2/,
  ],
  [
    'none was wanted',
    ONE,
    outside,
    w => {
      w.rules[HOST] = []
      w.plugs = w.plugs.map(plug => ({ ...plug, masquerades: false }))
    },
    /^delivered as far as can be seen/,
  ],
  [
    'the way back of the other',
    ONE,
    '10.22.0.3',
    w => {
      w.routes[TWO] = { '10.22.0.3': own }
    },
    /^dropped at the routes of container two because the answer does not come back:/,
  ],
  [
    'a rule at the forward hook',
    ONE,
    outside,
    drop('inet', 'forward'),
    /^dropped at rule 7 of the chain 'inet fw c' because it drops 10\.22\.0\.2 → 198\.51\.100\.2 \(by br-web to eth0\); do: nft delete rule inet fw c handle 7$/,
    {},
  ],
  [
    'a policy',
    ONE,
    outside,
    w => w.rules[HOST]!.push(baseChain('ip', 'fw', 'c', 'forward', 0, 'filter', 'drop')),
    /^dropped at the policy of the chain 'ip fw c' because .* which no rule accepts; do: nft 'insert rule ip fw c iifname "br-web" accept; insert rule ip fw c oifname "br-web" ct state established,related accept'$/,
  ],
  [
    'a policy of IPv6 is none of IPv4',
    ONE,
    outside,
    w => w.rules[HOST]!.push(baseChain('ip6', 'fw', 'c', 'forward', 0, 'filter', 'drop')),
    /^delivered/,
  ],
  [
    'a rule inside the bridge',
    ONE,
    '10.22.0.3',
    drop('bridge', 'forward'),
    /^dropped at rule 7 of the chain 'bridge fw c' because .* \(by veth1 to veth2\)/,
  ],
  [
    "bridges ask the host's rules",
    ONE,
    '10.22.0.3',
    w => {
      w.sysctls['host net/bridge/bridge-nf-call-iptables'] = '1'
      drop('ip', 'forward')(w)
    },
    /^dropped at rule 7 of the chain 'ip fw c' because .* \(by br-web to br-web\)/,
  ],
  ['and do not', ONE, '10.22.0.3', drop('ip', 'forward'), /^delivered/],
  [
    "a rule of the container's own",
    ONE,
    outside,
    w => {
      w.rules[ONE] = [baseChain('ip', 'fw', 'c', 'output', 0), rule('ip', 'fw', 'c', { drop: null })]
    },
    /^dropped at rule 7 of the chain 'ip fw c' of container one because .*; do: nsenter --net=\/run\/netns\/one nft delete rule/,
  ],
  [
    'answers are dropped',
    ONE,
    outside,
    drop('inet', 'forward', { match: { op: 'in', left: { ct: { key: 'state' } }, right: 'established' } }),
    /^dropped at rule 7 of the chain 'inet fw c' because the answer does not come back:/,
  ],
  [
    'nobody listens',
    ONE,
    '10.22.0.3',
    () => {},
    /^dropped at tcp port 80 of container two because nobody listens there; do: start/,
    { protocol: 'tcp', dport: 80, sport: 50_000 },
  ],
  [
    'somebody listens',
    ONE,
    '10.22.0.3',
    w => w.listeners.push(`${TWO} tcp 10.22.0.3 80`),
    /^delivered/,
    { protocol: 'tcp', dport: 80, sport: 50_000 },
  ],
  [
    'a published port without its element',
    undefined,
    '198.51.100.1',
    w => {
      w.plugs = w.plugs.map(plug => ({
        ...plug,
        ports: [{ hostIP: '', hostPort: 8080, containerPort: 80, protocol: 'tcp', range: 1 }],
      }))
    },
    /^dropped at published port 8080\/tcp of container one because/,
    { protocol: 'tcp', dport: 8080, sport: 50_000 },
  ],
  [
    'no echo replies',
    ONE,
    '10.22.0.3',
    w => {
      w.sysctls[`${TWO} net/ipv4/icmp_echo_ignore_all`] = '1'
    },
    /^dropped at icmp_echo_ignore_all of container two/,
  ],

  [
    'a tunnel',
    ONE,
    '10.22.0.9',
    w => {
      vxlan(w)
      w.routes[ONE]!['10.22.0.9'] = w.routes[ONE]!['10.22.0.3']!
    },
    /^delivered .*: it leaves by vx5, and inside of it by eth0 to 198\.51\.100\.9$/,
  ],
  [
    'a tunnel to nowhere',
    ONE,
    '10.22.0.9',
    w => {
      vxlan(w)
      w.fdb = []
      w.routes[ONE]!['10.22.0.9'] = w.routes[ONE]!['10.22.0.3']!
    },
    /^dropped at vx5 because it knows no VTEP for/,
  ],
  [
    'a tunnel too narrow',
    ONE,
    '10.22.0.9',
    w => {
      vxlan(w)
      changed(w, HOST, 'eth0', { mtu: 1449 })
      w.routes[ONE]!['10.22.0.9'] = w.routes[ONE]!['10.22.0.3']!
    },
    /^dropped at the MTU of eth0 because a packet of 1450 bytes/,
    peer,
  ],
  [
    'a tunnel that is not plugged in',
    ONE,
    '10.22.0.9',
    w => {
      vxlan(w)
      changed(w, HOST, 'vx5', { master: '' })
      w.routes[ONE]!['10.22.0.9'] = w.routes[ONE]!['10.22.0.3']!
    },
    /^dropped at vx5 because it is no port of br-web/,
  ],
  [
    'the host takes no VXLAN',
    ONE,
    '10.22.0.9',
    w => {
      vxlan(w)
      w.routes[ONE]!['10.22.0.9'] = w.routes[ONE]!['10.22.0.3']!
      drop('inet', 'input', {
        match: { op: '==', left: { payload: { protocol: 'udp', field: 'dport' } }, right: 4789 },
      })(w)
    },
    /^dropped at rule 7 of the chain 'inet fw c' because the answer does not come back:/,
  ],
  [
    'macvlan: private',
    ONE,
    '10.22.0.3',
    w => changed(w, ONE, 'eth0', { type: 'macvlan', peer: 2, details: { mode: 'private' } }),
    /^dropped at eth0 of container one because macvlanMode private/,
  ],
  [
    'macvlan: to the host',
    ONE,
    '198.51.100.1',
    w => {
      changed(w, ONE, 'eth0', { type: 'macvlan', peer: 2 })
      w.routes[ONE]!['198.51.100.1'] = w.routes[ONE]!['10.22.0.3']!
    },
    /^dropped at eth0 because macvlan does not lead to the host itself/,
  ],
]

test.each(cases)('%s', async (_, from, to, change, says, more = icmp) => {
  const host = world()
  change(host)
  const saddr = from === undefined ? outside : ''
  const { verdict } = await traced(sightOf(host), from, packetOf({ ...icmp, saddr, daddr: to, ...more }))
  expect(verdict.words).toMatch(says)
  expect(verdict.delivered).toBe(verdict.words.startsWith('delivered'))
})

test('the hops say where, what and how to see it, the answer’s too', async () => {
  const { hops } = await traced(sightOf(world()), ONE, packetOf({ ...icmp, saddr: '', daddr: outside }))
  expect(hops.map(({ where, what, isAnswer }) => `${isAnswer ? '← ' : ''}${where}: ${what}`)).toEqual([
    'container one: route to 198.51.100.2: via 10.22.0.1 dev eth0, from 10.22.0.2',
    'container one: ARP for 10.22.0.1: the host answers, 02:00:00:00:00:03',
    'host: veth1: the cable of container one, up, port of br-web, MTU 1500',
    'host: br-web: the frame is for the host',
    'host: route to 198.51.100.2: dev eth0',
    `host: ${masq}: its rule: comes from 198.51.100.1`,
    'host: ARP for 198.51.100.2: whoever has it out there must answer',
    '← host: route to 10.22.0.2: dev br-web',
    '← host: ARP for 10.22.0.2: container one answers, 02:00:00:00:00:11',
    '← host: br-web: 02:00:00:00:00:11 is not known yet: to all ports, veth1 among them',
    '← container one: eth0: up, 02:00:00:00:00:11, MTU 1500',
  ])
  expect(hops.map(({ see }) => see)).toContain('nft -a list chain inet vethwork masquerade/web')
})

test('an address of its own that is reached by its own published port: hairpin', async () => {
  const host = world()
  host.rules[HOST]!.push(
    {
      map: {
        family: 'inet',
        table: 'vethwork',
        name: 'ports4-all',
        handle: 1,
        elem: [
          [
            { elem: { val: { concat: ['tcp', 8080] }, comment: 'web/one/eth0' } },
            { concat: ['10.22.0.2', 80] },
          ],
        ],
      },
    },
    baseChain('inet', 'vethwork', 'ports', 'prerouting', -100, 'nat'),
    rule('inet', 'vethwork', 'ports', {
      dnat: {
        family: 'ip',
        addr: {
          map: {
            key: { concat: [{ meta: { key: 'l4proto' } }, { payload: { protocol: 'th', field: 'dport' } }] },
            data: '@ports4-all',
          },
        },
      },
    }),
    baseChain('inet', 'vethwork', 'near', 'postrouting', 100, 'nat'),
    rule(
      'inet',
      'vethwork',
      'near',
      { match: { op: 'in', left: { ct: { key: 'status' } }, right: 'dnat' } },
      { masquerade: null },
    ),
  )
  host.listeners.push(`${ONE} tcp 10.22.0.2 80`)
  const asked = packetOf({ saddr: '', daddr: '198.51.100.1', dport: 8080 })
  expect((await traced(sightOf(host), ONE, asked)).verdict.words).toMatch(
    /^delivered to eth0 of container one/,
  )
  // Without the address of the host as its source, the answer would not come by the host.
  host.rules[HOST]!.pop()
  expect((await traced(sightOf(host), TWO, asked)).verdict.words).toMatch(
    /^dropped at eth0 of container two because the answer comes from 10\.22\.0\.2, and 198\.51\.100\.1 was asked/,
  )
})

test('a small packet passes where a larger one would not: that is said', async () => {
  const host = world()
  changed(host, HOST, 'veth2', { mtu: 1300 })
  const { verdict, doubts } = await traced(
    sightOf(host),
    ONE,
    packetOf({ ...icmp, saddr: '', daddr: '10.22.0.3' }),
  )
  expect(verdict.delivered).toBe(true)
  expect(doubts).toEqual([
    'the MTU of veth2 is 1300, of the sender 1500: what is larger is lost there, and nobody is told',
  ])
})
