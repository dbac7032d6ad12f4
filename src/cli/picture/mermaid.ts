/** A topology as a flowchart of Mermaid (https://mermaid.js.org/syntax/flowchart.html), for Markdown. Pure. */

import type { Interface, NetworkSeen, Port, Topology, WayOut } from '../../linux/topology.ts'
import { shortId } from '../words.ts'

export const mermaid = (topologies: readonly Topology[]): string =>
  [
    'flowchart TB',
    ...topologies.flatMap((one, n) => hostPart(one, `h${n}`).map(line => `  ${line}`)),
    '',
  ].join('\n')

/** IDs of nodes are numbers: names may hold anything. */
const hostPart = ({ host, uplinks, networks }: Topology, id: string): string[] => [
  `subgraph ${id}[${label(`host ${host}`)}]`,
  ...uplinks.map((one, n) => `  ${id}u${n}{{${label(...interfaceWords(one))}}}`),
  ...networks.flatMap((one, n) =>
    networkPart(one, `${id}n${n}`, upIds(uplinks, id)).map(line => `  ${line}`),
  ),
  'end',
]

const upIds = (uplinks: readonly Interface[], id: string) =>
  new Map(uplinks.map(({ name }, n) => [name, `${id}u${n}`]))

const networkPart = (
  { name, bridge, legs, masquerade, waysOut, ports }: NetworkSeen,
  id: string,
  ups: ReadonlyMap<string, string>,
): string[] => {
  const own = bridge ? interfaceWords(bridge) : ['its bridge is gone']
  const words = [...own, ...legs.flatMap(interfaceWords), ...(masquerade ? ['masquerade'] : [])]
  const routed = masquerade ? [...ups.values()].map(up => `${id} -. masquerade .- ${up}`) : []
  return [
    `subgraph ${id}s[${label(`network ${name}`)}]`,
    `  ${id}[${label(...words)}]`,
    ...waysOut.map((way, n) => `  ${id}w${n}[/${label(...wayWords(way))}/]`),
    ...ports.map((port, n) => `  ${id}p${n}(${label(...portWords(port))})`),
    'end',
    ...waysOut.flatMap(({ master, name, state }, n) => {
      const up = ups.get(master ?? name)
      return [`${id} ${joint(state)} ${id}w${n}`, ...(up ? [`${id}w${n} ${joint(state)} ${up}`] : [])]
    }),
    ...ports.map(({ name, state }, n) => `${id} ${joint(state)}|${label(`${name} ${state}`)}| ${id}p${n}`),
    ...routed,
  ]
}

const joint = (state: string) => (state === 'UP' || state === 'UNKNOWN' ? '---' : '-.-')

const interfaceWords = ({ name, state, addresses }: Interface) => [`${name} ${state}`, ...addresses]

const wayWords = ({ name, kind, id, local, group, peers }: WayOut) => [
  `${name} ${kind === 'flat' ? 'untagged' : `${{ vlan: 'VLAN', vxlan: 'VNI', gre: 'key' }[kind]} ${id}`}`,
  ...(local ? [`from ${local}`] : []),
  ...(group ? [`group ${group}`] : []),
  ...peers.map(peer => `to ${peer}`),
]

const portWords = ({ container }: Port) =>
  container
    ? [`${shortId(container.id)} ${container.ifname}`, ...container.addresses, ...(container.published ?? [])]
    : ['not of vethwork']

/** In quotes everything but a quote is text; `#` begins an entity code there. */
const label = (...lines: readonly string[]) =>
  `"${lines.map(line => line.replaceAll('#', '#35;').replaceAll('"', '#quot;').replaceAll('<', '#lt;')).join('<br>')}"`
