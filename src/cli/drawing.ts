/** The drawing that `vethwork topology` prints: at most 80 columns, whatever there is. Pure. */

import type { Interface, NetworkSeen, Port, Topology, WayOut } from '../linux/topology.ts'
import { beside, box, clip, flow } from './boxes.ts'

const WIDTH = 80
/** Left of the networks runs the line that leads to the host. */
const RAIL = 2
const INSIDE = WIDTH - RAIL - 4

/** Several hosts, each with its name, one below the other. */
export const drawAll = (hosts: readonly Topology[]): string =>
  hosts.map(one => draw(one, clip(`host ${one.host}`, WIDTH - 5))).join('\n\n')

export const draw = ({ forwarding, uplinks, networks }: Topology, title = 'host'): string => {
  const isFlat = networks.some(({ waysOut }) => waysOut.some(({ kind }) => kind === 'flat'))
  const host = [
    ...uplinks.flatMap(uplink => flow(interfaceWords(uplink), WIDTH - 4)),
    ...(uplinks.length || isFlat
      ? []
      : ['no uplink: no interface but its own has an address or a default route']),
    `forwarding: IPv4 ${onOff(forwarding[4])}, IPv6 ${onOff(forwarding[6])}`,
  ]
  if (!networks.length)
    return [...box(host, { width: WIDTH, title }), 'No network of vethwork is on this host.'].join('\n')
  return [
    ...box(host, { width: WIDTH, title }).map(cornerless),
    ...networks.flatMap((network, n) => hung(drawNetwork(network), n === networks.length - 1)),
  ].join('\n')
}

const onOff = (value?: boolean) => (value === undefined ? 'absent' : value ? 'on' : 'off')

/** The host's lower left corner is where the networks hang. */
const cornerless = (line: string) => line.replace(/^└/, '├')

/** A network at the line that comes down from the host. */
const hung = (lines: readonly string[], last: boolean) => [
  '│',
  ...lines.map((line, n) =>
    `${n === 1 ? (last ? '└─' : '├─') : last && n > 1 ? '  ' : '│ '}${line}`.trimEnd(),
  ),
]

const drawNetwork = ({ name, bridge, legs, masquerade, waysOut, ports }: NetworkSeen): string[] => {
  const words = [
    ...(bridge ? [`bridge ${bridge.name}`, bridge.state, ...bridge.addresses] : ['its bridge is gone']),
    `masquerade ${masquerade ? 'yes' : 'no'}`,
    `${ports.length} ${ports.length === 1 ? 'port' : 'ports'}`,
  ]
  const title = clip(`network ${name}`, INSIDE - 1)
  const below = inBoxes(ports) ?? asTree(ports)
  const facts = [words, ...legs.map(interfaceWords), ...waysOut.map(wayOutWords)].flatMap(indented)
  const top = box(facts, { width: WIDTH - RAIL, title, feet: feetOf(below) })
  return [...top.with(1, `┤${top[1]!.slice(1)}`), ...below]
}

/** Containers side by side, each below its cable; undefined if there is not room for all. */
const inBoxes = (ports: readonly Port[]): string[] | undefined => {
  const columns = ports.map(port => [
    `  │ ${port.name}`,
    `  │ ${port.state}`,
    ...box(portWords(port), { head: 2, width: port.name.length + 4 }),
  ])
  const lines = beside(columns)
  return lines.every(line => line.length <= WIDTH - RAIL) ? lines : undefined
}

/** Where the cables come down. */
const feetOf = ([line = '']: readonly string[]) =>
  [...line].flatMap((char, n) => ('│├└'.includes(char) ? [n] : []))

/** One line a container; more where its addresses do not fit. */
const asTree = (ports: readonly Port[]): string[] => {
  const longest = (of: (port: Port) => string) => Math.max(...ports.map(port => of(port).length))
  const [name, state] = [longest(port => port.name), longest(port => port.state)]
  return ports.flatMap((port, n) => {
    const last = n === ports.length - 1
    const start = `  ${last ? '└─' : '├─'} ${port.name.padEnd(name)} ${port.state.padEnd(state)} ── `
    const more = (room: number) => `  ${last ? ' ' : '│'}`.padEnd(room)
    const [who, ...addresses] = portWords(port)
    const room = WIDTH - RAIL - start.length
    if (addresses.some(one => one.length > room))
      return [`${start}${who}`, ...addresses.map(one => `${more(NARROW)}${one}`)]
    const [head = '', ...rest] = flow([who, ...addresses], room)
    return [`${start}${head}`, ...rest.map(line => `${more(start.length)}${line}`)]
  })
}

/** Indent of what is too wide for its column. */
const NARROW = 9

/** Who, the addresses, and the host's ports that lead there. */
const portWords = ({ container }: Port): [string, ...string[]] =>
  container
    ? [
        `${container.id.slice(0, 12)} ${container.ifname}`,
        ...container.addresses,
        ...(container.published ?? []),
      ]
    : ['not of vethwork']

const interfaceWords = ({ name, state, addresses }: Interface) => [name, state, ...addresses]

/** `⇢ vx5000  UP  VNI 5000 on eth1 …`, and from where to where. */
const wayOutWords = ({ name, state, kind, id, master, local, group, peers }: WayOut) => [
  `⇢ ${name}`,
  // Of a tunnel the kernel does not know.
  ...(state === 'UNKNOWN' ? [] : [state]),
  kind === 'flat' ? 'untagged' : `${{ vlan: 'VLAN', vxlan: 'VNI', gre: 'key' }[kind]} ${id}`,
  ...(master ? [`on ${master}`] : []),
  ...(local ? [`from ${local}`] : []),
  ...(group ? [`group ${group}`] : []),
  ...peers.map(peer => `to ${peer}`),
]

/** In a network's box: what one line does not take stands further in. */
const indented = (words: readonly string[]) =>
  flow(words, INSIDE - 2).map((line, n) => (n ? `  ${line}` : line))

/** States as a terminal shows them: good in green, bad in red, lines dim. */
export const inColour = (drawing: string) =>
  drawing
    .replace(/[─│┌┐└┘├┤┬┴]+/g, '\x1b[2m$&\x1b[22m')
    .replace(/\b(UP|on)\b/g, '\x1b[32m$&\x1b[39m')
    .replace(/\b(DOWN|LOWERLAYERDOWN|off)\b/g, '\x1b[31m$&\x1b[39m')
