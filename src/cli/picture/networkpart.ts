/** Where one network stands: its ways out above the bridge, its containers below. Pure. */

import { hostOf } from '../../../ipam/cidr.ts'
import type { NetworkSeen, Port, Topology, WayOut } from '../../linux/topology.ts'
import { clip } from '../boxes.ts'
import { shortId } from '../words.ts'
import {
  type Box,
  GAP,
  LINE,
  type Line,
  PAD,
  type Sketch,
  stacked,
  stateOf,
  textHeight,
  textWidth,
  WIDTH,
  wordsInLines,
} from './shapes.ts'

/** Between columns of containers: there the cables come down. */
const GUTTER = 32

export interface Part {
  readonly boxes: readonly Box[]
  readonly lines: readonly Line[]
  /** Where it is joined to the host's rails. */
  readonly ways: readonly { readonly rail: string; readonly y: number }[]
  readonly bottom: number
}

export const networkPart = (
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
