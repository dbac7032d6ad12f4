import { expect, test } from '@jest/globals'
import { draw, drawAll, inColour } from '../../../src/cli/drawing.ts'
import type { Topology } from '../../../src/linux/topology.ts'
import { host, network, port } from './topologies.ts'

const top = `
┌ host ────────────────────────────────────────────────────────────────────────┐
│ ens3  UP  198.51.100.1/24  2001:db8:51::1/64                                 │
│ forwarding: IPv4 on, IPv6 off                                                │`

const tunnel = { local: '198.51.100.1', peers: ['198.51.100.2', '198.51.100.3'] }

const drawings: Readonly<Record<string, readonly [Topology, string]>> = {
  'no network': [
    host(),
    `${top}
└──────────────────────────────────────────────────────────────────────────────┘
No network of vethwork is on this host.`,
  ],
  'two containers, one of them unplugged': [
    host(
      network('web', [
        port(1, ['192.0.2.2/24']),
        port(2, ['192.0.2.3/24', '2001:db8::3/64'], 'LOWERLAYERDOWN'),
      ]),
    ),
    `${top}
├──────────────────────────────────────────────────────────────────────────────┘
│
│ ┌ network web ───────────────────────────────────────────────────────────────┐
└─┤ bridge br-web  UP  192.0.2.1/24  masquerade yes  2 ports                   │
  └─┬─────────────────────┬────────────────────────────────────────────────────┘
    │ veth00000000001     │ veth00000000002
    │ UP                  │ LOWERLAYERDOWN
  ┌─┴─────────────────┐ ┌─┴─────────────────┐
  │ 1f2a9c1b7d44 eth0 │ │ 2f2a9c1b7d44 eth0 │
  │ 192.0.2.2/24      │ │ 192.0.2.3/24      │
  └───────────────────┘ │ 2001:db8::3/64    │
                        └───────────────────┘`,
  ],
  'a network without containers, and one whose bridge is gone': [
    host(
      network('db', [], { masquerade: false }),
      network('web', [port(1, ['192.0.2.2/24'], 'DOWN')], { bridge: undefined }),
    ),
    `${top}
├──────────────────────────────────────────────────────────────────────────────┘
│
│ ┌ network db ────────────────────────────────────────────────────────────────┐
├─┤ bridge br-db  UP  192.0.2.1/24  masquerade no  0 ports                     │
│ └────────────────────────────────────────────────────────────────────────────┘
│
│ ┌ network web ───────────────────────────────────────────────────────────────┐
└─┤ its bridge is gone  masquerade yes  1 port                                 │
  └─┬──────────────────────────────────────────────────────────────────────────┘
    │ veth00000000001
    │ DOWN
  ┌─┴─────────────────┐
  │ 1f2a9c1b7d44 eth0 │
  │ 192.0.2.2/24      │
  └───────────────────┘`,
  ],
  'more than fit side by side, one of somebody else': [
    host(
      network('web', [
        ...[1, 2, 3].map(n => port(n, [`192.0.2.${n + 1}/24`, `2001:db8::${n + 1}/64`])),
        { name: 'tap0', state: 'DOWN' },
      ]),
    ),
    `${top}
├──────────────────────────────────────────────────────────────────────────────┘
│
│ ┌ network web ───────────────────────────────────────────────────────────────┐
└─┤ bridge br-web  UP  192.0.2.1/24  masquerade yes  4 ports                   │
  └─┬──────────────────────────────────────────────────────────────────────────┘
    ├─ veth00000000001 UP   ── 1f2a9c1b7d44 eth0  192.0.2.2/24  2001:db8::2/64
    ├─ veth00000000002 UP   ── 2f2a9c1b7d44 eth0  192.0.2.3/24  2001:db8::3/64
    ├─ veth00000000003 UP   ── 3f2a9c1b7d44 eth0  192.0.2.4/24  2001:db8::4/64
    └─ tap0            DOWN ── not of vethwork`,
  ],
  'ways out of the host': [
    host(
      ...(
        [
          { name: 'eth1', state: 'UP', kind: 'flat', peers: [] },
          { name: 'eth1.100', state: 'LOWERLAYERDOWN', kind: 'vlan', id: 100, master: 'eth1', peers: [] },
          {
            name: 'vx5',
            state: 'UNKNOWN',
            kind: 'vxlan',
            id: 5,
            master: 'eth1',
            ...tunnel,
            group: '239.1.1.1',
          },
          { name: 'gres7tpk5akdh', state: 'UNKNOWN', kind: 'gre', id: 5000, ...tunnel },
        ] as const
      ).map((way, n) =>
        network(`n${n}`, [], {
          bridge: { name: `br-n${n}`, state: 'UP', addresses: [] },
          masquerade: false,
          waysOut: [way],
        }),
      ),
      network('aware', [], {
        bridge: { name: 'br0', state: 'UP', addresses: [] },
        legs: [{ name: 'br0.100', state: 'UP', addresses: ['192.0.2.1/24'] }],
      }),
    ),
    `${top}
├──────────────────────────────────────────────────────────────────────────────┘
│
│ ┌ network n0 ────────────────────────────────────────────────────────────────┐
├─┤ bridge br-n0  UP  masquerade no  0 ports                                   │
│ │ ⇢ eth1  UP  untagged                                                       │
│ └────────────────────────────────────────────────────────────────────────────┘
│
│ ┌ network n1 ────────────────────────────────────────────────────────────────┐
├─┤ bridge br-n1  UP  masquerade no  0 ports                                   │
│ │ ⇢ eth1.100  LOWERLAYERDOWN  VLAN 100  on eth1                              │
│ └────────────────────────────────────────────────────────────────────────────┘
│
│ ┌ network n2 ────────────────────────────────────────────────────────────────┐
├─┤ bridge br-n2  UP  masquerade no  0 ports                                   │
│ │ ⇢ vx5  VNI 5  on eth1  from 198.51.100.1  group 239.1.1.1                  │
│ │   to 198.51.100.2  to 198.51.100.3                                         │
│ └────────────────────────────────────────────────────────────────────────────┘
│
│ ┌ network n3 ────────────────────────────────────────────────────────────────┐
├─┤ bridge br-n3  UP  masquerade no  0 ports                                   │
│ │ ⇢ gres7tpk5akdh  key 5000  from 198.51.100.1  to 198.51.100.2              │
│ │   to 198.51.100.3                                                          │
│ └────────────────────────────────────────────────────────────────────────────┘
│
│ ┌ network aware ─────────────────────────────────────────────────────────────┐
└─┤ bridge br0  UP  masquerade yes  0 ports                                    │
  │ br0.100  UP  192.0.2.1/24                                                  │
  └────────────────────────────────────────────────────────────────────────────┘`,
  ],
}

for (const [name, [seen, drawing]] of Object.entries(drawings))
  test(name, () => expect(draw(seen)).toBe(drawing.slice(1)))

const longest = (group: string) => `2001:db8:${group}:2222:3333:4444:5555:6666/128`

test.each([0, 1, 2, 3, 4, 10, 100])(
  '%i containers with the longest of everything fit into 80 columns',
  count => {
    const ports = Array.from({ length: count }, (_, n) => {
      const one = port(n % 10, ['203.0.113.200/32', longest('aaaa')], 'LOWERLAYERDOWN')
      return { ...one, container: { ...one.container!, ifname: 'fifteen-letters' } }
    })
    const bridge = {
      name: 'br-123456789012',
      state: 'LOWERLAYERDOWN',
      addresses: Array(9).fill(longest('bbbb')),
    }
    const drawing = draw(host(network('n'.repeat(200), ports, { bridge })))
    expect(Math.max(...drawing.split('\n').map(line => line.length))).toBe(80)
    expect(drawing.split('203.0.113.200/32').length - 1).toBe(count)
    expect(drawing.split(longest('aaaa')).length - 1).toBe(count)
    expect(drawing.split(longest('bbbb')).length - 1).toBe(9)
  },
)

test('colour changes nothing but the colour', () => {
  const drawing = draw(host(network('web', [port(1, ['192.0.2.2/24'], 'LOWERLAYERDOWN')])))
  const coloured = inColour(drawing)
  expect(coloured).toContain('\x1b[32mUP\x1b[39m')
  expect(coloured).toContain('\x1b[31mLOWERLAYERDOWN\x1b[39m')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colour is made of
  expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(drawing)
})

test('several hosts, one below the other, each with its name', () => {
  const empty = { ...host(), uplinks: [] }
  expect(drawAll([empty, { ...empty, host: 'h'.repeat(100) }])).toBe(
    `
┌ host h1 ─────────────────────────────────────────────────────────────────────┐
│ no uplink: no interface but its own has an address or a default route        │
│ forwarding: IPv4 on, IPv6 off                                                │
└──────────────────────────────────────────────────────────────────────────────┘
No network of vethwork is on this host.

┌ host ${'h'.repeat(69)}… ─┐
│ no uplink: no interface but its own has an address or a default route        │
│ forwarding: IPv4 on, IPv6 off                                                │
└──────────────────────────────────────────────────────────────────────────────┘
No network of vethwork is on this host.`.slice(1),
  )
})
