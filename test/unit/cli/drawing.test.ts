import { expect, test } from '@jest/globals'
import { draw, inColour } from '../../../src/cli/drawing.ts'
import type { Topology } from '../../../src/linux/topology.ts'
import { host, network, port } from './topologies.ts'

const top = `
┌ host ────────────────────────────────────────────────────────────────────────┐
│ ens3  UP  198.51.100.1/24  2001:db8:51::1/64                                 │
│ forwarding: IPv4 on, IPv6 off                                                │`

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
