/** What a network's packets leave this host by, below bonds, bridges and VLANs. */

import type { Netns } from '../plan/netns.ts'
import { ipShow } from './iproute2.ts'
import { targetOf } from './procfs.ts'

/** The part of `ip -j -d link` that says where an interface comes from. */
interface Origin {
  readonly ifname: string
  readonly link?: string
  /** Another namespace, where it cannot be followed. */
  readonly link_netnsid?: number
  readonly parentbus?: string
  readonly parentdev?: string
  readonly linkinfo?: { readonly info_kind?: string }
}

/** A bond over VLANs over … : deeper is a loop. */
const DEPTH = 4

/** Names of the drivers of the physical interfaces; none where there are only virtual ones. */
export const driversOf = async (netns: Netns, link: Origin, depth = DEPTH): Promise<string[]> => {
  const { parentbus, parentdev } = link
  if (parentbus && parentdev) return driver(parentbus, parentdev)
  const below = lineBelow(link)
  if (!below || depth === 0) return []
  const found = (await ipShow(netns, [below])) as Origin[]
  const drivers = await Promise.all(found.map(one => driversOf(netns, one, depth - 1)))
  return [...new Set(drivers.flat())]
}

/** What `ip` lists what is below by. The other end of a veth is not below it. */
const lineBelow = ({ ifname, link, link_netnsid, linkinfo }: Origin) => {
  const kind = linkinfo?.info_kind ?? ''
  if (['bond', 'bridge', 'team'].includes(kind)) return `link show master ${ifname}`
  const isOn =
    ['vlan', 'macvlan', 'ipvlan'].includes(kind) && link !== undefined && link_netnsid === undefined
  return isOn ? `link show dev ${link}` : undefined
}

/** By the bus, which unlike /sys/class/net is the same in all namespaces. */
const driver = (bus: string, device: string): string[] => {
  const path = targetOf(`/sys/bus/${bus}/devices/${device}/driver`)
  return path ? [path.split('/').at(-1) ?? ''] : []
}
