/** Networks of this host, from marks in the kernel, what was remembered of ADD, and the configurations that lie about. */

import { again } from '../../cni/again.ts'
import type { Config } from '../../cni/config.ts'
import { hostOf, networkOf } from '../../ipam/cidr.ts'
import { type AttachmentSeen, seeAttachments } from '../linux/attachments.ts'
import { type NetworkSeen, seeTopology, type Topology, type WayOut } from '../linux/topology.ts'
import { confDir, configOf, type Entry, entriesIn } from './confdir.ts'

export interface NetworkListed {
  readonly name: string
  /** Undefined where neither a configuration nor the kernel tells. */
  readonly mode?: string
  readonly bridge?: string
  readonly bridgeState?: string
  readonly subnets: readonly string[]
  readonly gateways: readonly string[]
  /** How many containers it has that live. */
  readonly containers: number
  /** And how many that do not, of which something is left. */
  readonly dead: number
  /** By which interfaces it leaves this host. */
  readonly uplinks: readonly string[]
  readonly masquerade: boolean
}

export const listNetworks = async (): Promise<NetworkListed[]> => {
  const [topology, attachments] = [await seeTopology(), await seeAttachments()]
  return networksOf(topology, attachments, entriesIn(confDir()))
}

/** Those that have something here; a configuration alone is no network. */
export const networksOf = (
  { networks, uplinks }: Topology,
  attachments: readonly AttachmentSeen[],
  entries: readonly Entry[],
): NetworkListed[] => {
  const names = [...networks.map(({ name }) => name), ...attachments.map(({ owner }) => owner.network)]
  return [...new Set(names)].sort().map(name => {
    const seen = networks.find(one => one.name === name)
    const mine = attachments.filter(({ owner }) => owner.network === name)
    const config = remembered(mine) ?? configOf(entries.filter(({ network }) => network === name))
    const { net } = config ?? {}
    const gateways = gatewaysOf(seen, net?.mode === 'local' ? [] : mine)
    const dead = mine.filter(({ life }) => life === 'gone').length
    return {
      name,
      mode: net?.mode ?? seen?.waysOut[0]?.kind,
      bridge: seen?.bridge?.name ?? mine.find(({ bridge }) => bridge)?.bridge,
      bridgeState: seen?.bridge?.state,
      subnets: unique([...gateways, ...mine.flatMap(({ addresses }) => addresses)].flatMap(subnetOf)),
      gateways: unique(gateways.map(hostOf)),
      containers: mine.length - dead,
      dead,
      uplinks: uplinksOf(seen, net?.master, uplinks),
      masquerade: seen?.masquerade ?? false,
    }
  })
}

/** As whoever was added last had it. */
const remembered = (mine: readonly AttachmentSeen[]): Config | undefined => {
  for (const record of mine.flatMap(({ records }) => records.slice(0, 1)).toReversed()) {
    try {
      return again(record).config
    } catch {}
  }
  return undefined
}

/** The bridge's own addresses where it is the gateway; else those that the containers were told. */
const gatewaysOf = (seen: NetworkSeen | undefined, mine: readonly AttachmentSeen[]): string[] => {
  const own = [seen?.bridge ?? [], seen?.legs ?? []].flat().flatMap(({ addresses }) => addresses)
  return own.length ? own : mine.flatMap(({ records }) => records[0]?.endpoint.gateways ?? [])
}

const subnetOf = (address: string) => (address.includes('/') ? [networkOf(address)] : [])

/** Of a network that has none of its own, what its packets are routed to. */
const uplinksOf = (seen: NetworkSeen | undefined, master = '', host: Topology['uplinks']) => {
  if (seen?.waysOut.length) return seen.waysOut.flatMap(wayOutWords)
  if (master) return [master]
  return seen?.masquerade ? host.map(({ name }) => name) : []
}

const wayOutWords = ({ name, kind, master }: WayOut) =>
  kind === 'vxlan' && master ? [name, `on ${master}`] : [name]

const unique = (list: readonly string[]) => [...new Set(list)]
