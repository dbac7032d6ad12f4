/** Where everything of a topology stands in a picture, in pixels: boxes and lines. Pure; what draws it knows no networks. */

import { hostOf } from '../../../ipam/cidr.ts'
import type { Interface, NetworkSeen, Port, Topology, WayOut } from '../../linux/topology.ts'
import { clip } from '../boxes.ts'
import { shortId } from '../words.ts'

export interface Box {
  readonly kind: 'host' | 'uplink' | 'network' | 'bridge' | 'way' | 'container' | 'stranger'
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** The first is the title. */
  readonly lines: readonly string[]
  readonly state: State
}

export type State = 'up' | 'down' | 'unknown'

/** From point to point, always along one axis. */
export interface Line {
  readonly points: readonly (readonly [x: number, y: number])[]
  readonly state: State
}

export interface Layout {
  readonly width: number
  readonly height: number
  readonly boxes: readonly Box[]
  readonly lines: readonly Line[]
}

/** Of the font that svg.ts draws with: 12 pixels, all characters of one width. */
export const CHARACTER = 7.3
export const LINE = 16
const WIDTH = 1100
const GAP = 16
const PAD = 8
/** Between columns of containers: there the cables come down. */
const GUTTER = 32
/** Between lines that lead to the host. */
const RAIL = 10

const textWidth = (lines: readonly string[]) =>
  Math.max(...lines.map(line => line.length)) * CHARACTER + 2 * PAD
const textHeight = (lines: readonly string[]) => lines.length * LINE + PAD

/** Several hosts, one below the other. */
export const layoutAll = (hosts: readonly Topology[]): Layout => {
  let height = 0
  const parts = hosts.map(host => {
    const part = moved(layout(host), height)
    height += part.height
    return part
  })
  return {
    width: WIDTH,
    height,
    boxes: parts.flatMap(({ boxes }) => boxes),
    lines: parts.flatMap(({ lines }) => lines),
  }
}

const moved = ({ boxes, lines, ...rest }: Layout, by: number): Layout => ({
  ...rest,
  boxes: boxes.map(box => ({ ...box, y: box.y + by })),
  lines: lines.map(line => ({ ...line, points: line.points.map(([x, y]) => [x, y + by] as const) })),
})

export const layout = (topology: Topology): Layout => {
  const { host, forwarding, uplinks, networks } = topology
  const rails = ['', ...uplinks.map(({ name }) => name)]
  const left = GAP + rails.length * RAIL
  const railAt = (name: string) => GAP + rails.indexOf(name) * RAIL
  const title = `host ${host}: forwarding IPv4 ${onOff(forwarding[4])}, IPv6 ${onOff(forwarding[6])}`

  const ups = stacked(uplinks.map(uplinkBox), left + GAP, GAP + LINE + PAD)
  const hostHeight = ups.bottom - GAP / 2
  const hostBox: Box = {
    kind: 'host',
    x: left,
    y: GAP,
    width: WIDTH - left - GAP,
    height: hostHeight,
    lines: [title],
    state: 'up',
  }
  let y = GAP + hostHeight + GAP
  const parts = networks.map(network => {
    const part = networkPart(network, left, y, railAt, uplinks)
    y = part.bottom + GAP
    return part
  })
  const used = parts.flatMap(({ ways }) => ways)
  const railLines = rails.flatMap((name, n): Line[] => {
    const ends = used.filter(way => way.rail === name).map(way => way.y)
    if (!ends.length) return []
    const from = n === 0 ? hostBox : ups.boxes[n - 1]!
    const start = n === 0 ? GAP + LINE / 2 : from.y + from.height / 2
    const x = railAt(name)
    return [
      {
        points: [
          [from.x, start],
          [x, start],
          [x, Math.max(...ends)],
        ],
        state: from.state,
      },
    ]
  })
  return {
    width: WIDTH,
    height: y,
    boxes: [hostBox, ...ups.boxes, ...parts.flatMap(({ boxes }) => boxes)],
    lines: [...railLines, ...parts.flatMap(({ lines }) => lines)],
  }
}

const onOff = (value?: boolean) => (value === undefined ? 'absent' : value ? 'on' : 'off')

type Sketch = Pick<Box, 'kind' | 'lines' | 'state'>

/** One below the other. */
const stacked = (sketches: readonly Sketch[], x: number, y: number) => {
  let bottom = y
  const boxes = sketches.map((sketch): Box => {
    const height = textHeight(sketch.lines)
    const box = { ...sketch, x, y: bottom, width: textWidth(sketch.lines), height }
    bottom += height + GAP / 2
    return box
  })
  return { boxes, bottom }
}

const uplinkBox = ({ name, state, addresses }: Interface): Sketch => ({
  kind: 'uplink',
  lines: [`${name}  ${state}`, ...addresses],
  state: stateOf(state),
})

const stateOf = (state: string): State => (state === 'UP' ? 'up' : state === 'UNKNOWN' ? 'unknown' : 'down')

interface Part {
  readonly boxes: readonly Box[]
  readonly lines: readonly Line[]
  /** Where it is joined to the host's rails. */
  readonly ways: readonly { readonly rail: string; readonly y: number }[]
  readonly bottom: number
}

const networkPart = (
  network: NetworkSeen,
  left: number,
  top: number,
  railAt: (name: string) => number,
  uplinks: Topology['uplinks'],
): Part => {
  const { name, bridge, legs, masquerade, waysOut, ports } = network
  const inner = left + GAP
  const right = WIDTH - 2 * GAP
  const out = stacked(waysOut.map(wayBox), inner, top + LINE + PAD + GAP / 2)
  const words = [
    bridge ? `bridge ${bridge.name}  ${bridge.state}` : 'its bridge is gone',
    ...[bridge ?? [], legs].flat().flatMap(({ addresses }) => addresses),
    `masquerade ${masquerade ? 'yes' : 'no'}`,
  ]
  const lines = wordsInLines(words, right - inner - 2 * PAD)
  const bridgeBox: Box = {
    kind: 'bridge',
    x: inner,
    y: out.bottom + (waysOut.length ? GAP : 0),
    width: right - inner,
    height: textHeight(lines),
    lines,
    state: bridge ? stateOf(bridge.state) : 'down',
  }
  const grid = containers(ports, bridgeBox)
  const collector = inner + Math.max(0, ...out.boxes.map(({ width }) => width)) + GAP
  const ways = out.boxes.flatMap((box, n) => {
    const rail = railOf(waysOut[n]!, uplinks)
    return rail === undefined ? [] : [{ rail, y: box.y + box.height / 2 }]
  })
  const outward = out.boxes.flatMap((box, n): Line[] => {
    const y = box.y + box.height / 2
    const rail = railOf(waysOut[n]!, uplinks)
    return [
      {
        points: [
          [box.x + box.width, y],
          [collector, y],
          [collector, bridgeBox.y],
        ],
        state: box.state,
      },
      ...(rail === undefined
        ? []
        : [
            {
              points: [
                [box.x, y],
                [railAt(rail), y],
              ],
              state: box.state,
            } as const,
          ]),
    ]
  })
  // The host routes for it: by the bridge's own address.
  const isRouted = masquerade || [bridge ?? [], legs].flat().some(({ addresses }) => addresses.length > 0)
  const middle = bridgeBox.y + bridgeBox.height / 2
  const routed: Line[] = isRouted
    ? [
        {
          points: [
            [inner, middle],
            [railAt(''), middle],
          ],
          state: bridgeBox.state,
        },
      ]
    : []
  const frame: Box = {
    kind: 'network',
    x: left,
    y: top,
    width: WIDTH - left - GAP,
    height: grid.bottom + GAP - top,
    lines: [clip(`network ${name}`, 120)],
    state: 'up',
  }
  return {
    boxes: [frame, ...out.boxes, bridgeBox, ...grid.boxes],
    lines: [...outward, ...routed, ...grid.lines],
    ways: [...ways, ...(isRouted ? [{ rail: '', y: middle }] : [])],
    bottom: frame.y + frame.height,
  }
}

/** What it is made on; of a tunnel that has only an address of this host, who has that. */
const railOf = ({ name, master = name, local }: WayOut, uplinks: Topology['uplinks']) =>
  uplinks.find(one => one.name === master || one.addresses.some(address => hostOf(address) === local))?.name

const wayBox = ({ name, state, kind, id, local, group, peers }: WayOut): Sketch => {
  const what = kind === 'flat' ? 'untagged' : `${{ vlan: 'VLAN', vxlan: 'VNI', gre: 'key' }[kind]} ${id}`
  const ends = [
    local ? `from ${local}` : '',
    group ? `group ${group}` : '',
    ...peers.map(peer => `to ${peer}`),
  ]
  return {
    kind: 'way',
    lines: [
      `${name}  ${state === 'UNKNOWN' ? '' : `${state}  `}${what}`,
      ...wordsInLines(ends.filter(Boolean), 700),
    ],
    state: stateOf(state),
  }
}

/** Below the bridge in columns; each hangs on the cable left of its column. */
const containers = (ports: readonly Port[], bridge: Box) => {
  const sketches = ports.map(portBox)
  const width = Math.max(0, ...sketches.map(({ lines }) => textWidth(lines)))
  const columns = Math.max(1, Math.floor(bridge.width / (width + GUTTER)))
  const boxes: Box[] = []
  let y = bridge.y + bridge.height + GAP
  for (let from = 0; from < sketches.length; from += columns) {
    const row = sketches.slice(from, from + columns)
    const height = Math.max(...row.map(({ lines }) => textHeight(lines)))
    boxes.push(
      ...row.map((sketch, n) => ({
        ...sketch,
        x: bridge.x + GUTTER + n * (width + GUTTER),
        y,
        width,
        height,
      })),
    )
    y += height + GAP / 2
  }
  const bottom = bridge.y + bridge.height
  const middle = ({ y, height }: Box) => y + height / 2
  // One cable to the last of each column, and from it one to each.
  const last = boxes.filter(box => !boxes.some(other => other.x === box.x && other.y > box.y))
  const lines = [
    ...last.map((box): Line => {
      const x = box.x - GUTTER / 2
      return {
        points: [
          [x, bottom],
          [x, middle(box)],
        ],
        state: 'unknown',
      }
    }),
    ...boxes.map(
      (box): Line => ({
        points: [
          [box.x - GUTTER / 2, middle(box)],
          [box.x, middle(box)],
        ],
        state: box.state,
      }),
    ),
  ]
  return { boxes, lines, bottom: boxes.length ? y - GAP / 2 : bridge.y + bridge.height }
}

const portBox = ({ name, state, container }: Port): Sketch => {
  const who = container ? [`${clip(shortId(container.id), 40)} ${container.ifname}`] : ['not of vethwork']
  const published = container?.published ?? []
  return {
    kind: container ? 'container' : 'stranger',
    lines: [...who, ...(container?.addresses ?? []), ...published, `${name}  ${state}`],
    state: stateOf(state),
  }
}

/** Words side by side, as many as there is room for. */
const wordsInLines = (words: readonly string[], width: number): string[] => {
  const room = Math.floor(width / CHARACTER)
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 3 + word.length <= room)
      lines[lines.length - 1] = `${last}   ${word}`
    else lines.push(word)
  }
  return lines
}
