import { expect, test } from '@jest/globals'
import { type Layout, layout, layoutAll } from '../../../../src/cli/picture/layout.ts'
import { mermaid } from '../../../../src/cli/picture/mermaid.ts'
import { type Box, CHARACTER, LINE } from '../../../../src/cli/picture/shapes.ts'
import { svg } from '../../../../src/cli/picture/svg.ts'
import type { Topology } from '../../../../src/linux/topology.ts'
import { host, network, port } from '../topologies.ts'

const ports = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    port(n + 1, [`192.0.2.${n + 2}/24`, `2001:db8:aaaa:bbbb:cccc:dddd:eeee:${n}/64`], n % 7 ? 'UP' : 'DOWN'),
  )
const tunnels = Array.from({ length: 5 }, (_, n) => ({
  name: `gre${n}`,
  state: 'UNKNOWN',
  kind: 'gre' as const,
  id: 5000,
  local: '198.51.100.1',
  peers: [`198.51.100.${n + 2}`],
}))
const vxlan = {
  name: 'vx5000',
  state: 'UNKNOWN',
  kind: 'vxlan' as const,
  id: 5000,
  master: 'ens3',
  peers: Array.from({ length: 40 }, (_, n) => `198.51.100.${n + 2}`),
}
const uplinks = ['ens3', 'ens4', 'ens5'].map((name, n) => ({
  name,
  state: 'UP',
  addresses: [`198.51.100.${n + 1}/24`],
}))

const pictures: Readonly<Record<string, Topology>> = {
  'no network': host(),
  'one container': host(network('web', ports(1))),
  'a network without a container, and one without its bridge': host(
    network('web', []),
    network('db', [], { bridge: undefined }),
  ),
  '30 containers on three networks, uplinks and tunnels': {
    ...host(
      network('web', ports(30)),
      network('blue', ports(3), { waysOut: tunnels }),
      network('green', ports(12), { waysOut: [vxlan] }),
    ),
    uplinks,
  },
  '300 containers': host(network('web', ports(300))),
  'names and IDs as long as they may be': host(
    network('n'.repeat(90), [
      { ...ports(1)[0]!, container: { id: 'named-'.repeat(42), ifname: 'interface-15-xx', addresses: [] } },
      { name: 'tap7', state: 'DOWN' },
    ]),
  ),
}

const right = ({ x, width }: Box) => x + width
const bottom = ({ y, height }: Box) => y + height
const apart = (a: Box, b: Box) => right(a) <= b.x || right(b) <= a.x || bottom(a) <= b.y || bottom(b) <= a.y
const within = (a: Box, b: Box) => a.x > b.x && a.y > b.y && right(a) < right(b) && bottom(a) < bottom(b)
const isFrame = ({ kind }: Box) => kind === 'host' || kind === 'network'

/** Pieces of lines that go through the inside of a box. */
const pierced = ({ boxes, lines }: Layout) =>
  lines.flatMap(({ points }) =>
    points.slice(1).flatMap(([x2, y2], n) => {
      const [x1, y1] = points[n]!
      const [left, top] = [Math.min(x1, x2), Math.min(y1, y2)]
      const [far, low] = [Math.max(x1, x2), Math.max(y1, y2)]
      return boxes.filter(
        box => !isFrame(box) && left < right(box) && far > box.x && top < bottom(box) && low > box.y,
      )
    }),
  )

test.each(Object.entries(pictures))('%s: nothing overlaps, everything fits', (_, topology) => {
  const drawn = layout(topology)
  const { boxes, lines, width, height } = drawn
  const overlaps = boxes.flatMap((a, n) =>
    boxes.slice(n + 1).flatMap(b => (apart(a, b) || within(b, a) || within(a, b) ? [] : [[a, b]])),
  )
  expect(overlaps).toEqual([])
  // Frames hold boxes, boxes hold nothing.
  const holders = boxes.filter(a => !isFrame(a) && boxes.some(b => within(b, a)))
  expect(holders).toEqual([])
  expect(pierced(drawn)).toEqual([])
  for (const box of boxes) {
    const longest = Math.max(...box.lines.map(line => line.length))
    expect(longest * CHARACTER).toBeLessThanOrEqual(box.width)
    expect(box.lines.length * LINE).toBeLessThanOrEqual(box.height)
    expect(box.x >= 0 && box.y >= 0 && right(box) <= width && bottom(box) <= height).toBe(true)
  }
  for (const { points } of lines)
    for (const [n, [x, y]] of points.entries())
      if (n) expect(points[n - 1]![0] === x || points[n - 1]![1] === y).toBe(true)
})

test.each(Object.entries(pictures))('%s: every container is there, and hangs on a cable', (_, topology) => {
  const { boxes, lines } = layout(topology)
  const plugs = boxes.filter(({ kind }) => kind === 'container' || kind === 'stranger')
  expect(plugs).toHaveLength(topology.networks.flatMap(({ ports }) => ports).length)
  for (const box of plugs) {
    const ends = lines.filter(({ points }) => {
      const [x, y] = points.at(-1)!
      return x === box.x && y > box.y && y < bottom(box)
    })
    expect(ends.map(({ state }) => state)).toEqual([box.state])
  }
})

test('hosts stand below each other', () => {
  const both = layoutAll([host(network('web', ports(2))), host(network('web', ports(9)))])
  const hosts = both.boxes.filter(({ kind }) => kind === 'host')
  expect(hosts).toHaveLength(2)
  const first = both.boxes.slice(0, both.boxes.indexOf(hosts[1]!))
  expect(Math.max(...first.map(bottom))).toBeLessThan(hosts[1]!.y)
})

test('the picture is well-formed, whatever names hold', () => {
  const strange = host(network('a<b>&"c"', ports(1)))
  const text = svg(layout(strange), 'x & y')
  expect(text).toContain('network a&lt;b&gt;&amp;&quot;c&quot;')
  expect(text).toContain('<title>x &amp; y</title>')
  const tags = [...text.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)]
  const open: string[] = []
  for (const [, end, name, alone] of tags) {
    if (end) expect(open.pop()).toBe(name)
    else if (!alone) open.push(name!)
  }
  expect(open).toEqual([])
})

test('Mermaid: each node once, each joint between nodes that there are', () => {
  const text = mermaid([pictures['30 containers on three networks, uplinks and tunnels']!])
  const lines = text.split('\n').map(line => line.trim())
  const nodes = lines.flatMap(line => /^(h0\w+)[[({]/.exec(line)?.[1] ?? [])
  expect(new Set(nodes).size).toBe(nodes.length)
  const joints = lines.flatMap(line => {
    const found = /^(h0\w+) (?:---|-\.-|-\. masquerade \.-)(?:\|"[^"]*"\|)? (h0\w+)$/.exec(line)
    return found ? [[found[1]!, found[2]!] as const] : []
  })
  expect(joints.length).toBeGreaterThanOrEqual(45 + 6)
  for (const node of joints.flat()) expect(nodes).toContain(node)
  expect(lines.filter(line => line.startsWith('subgraph'))).toHaveLength(
    lines.filter(line => line === 'end').length,
  )
  expect(mermaid([host(network('a"b#c', []))])).toContain('"network a#quot;b#35;c"')
})

test('published ports stand with their container', () => {
  const [one, other] = ports(2)
  const told = host(
    network('web', [{ ...one!, container: { ...one!.container!, published: ['8080→80/tcp'] } }, other!]),
  )
  expect(svg(layout(told), '').match(/8080→80\/tcp/g)).toHaveLength(1)
  expect(mermaid([told]).match(/8080→80\/tcp/g)).toHaveLength(1)
})
