/** Where everything of a topology stands in a picture, in pixels: boxes and lines. Pure; what draws it knows no networks. */

import type { Interface, Topology } from '../../linux/topology.ts'
import { networkPart } from './networkpart.ts'
import { type Box, GAP, LINE, type Line, PAD, type Sketch, stacked, stateOf, WIDTH } from './shapes.ts'

export interface Layout {
  readonly width: number
  readonly height: number
  readonly boxes: readonly Box[]
  readonly lines: readonly Line[]
}

/** Between lines that lead to the host. */
const RAIL = 10

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

const uplinkBox = ({ name, state, addresses }: Interface): Sketch => ({
  kind: 'uplink',
  lines: [`${name}  ${state}`, ...addresses],
  state: stateOf(state),
})
