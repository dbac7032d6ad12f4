/** Single neighbours, forwarding databases and VLANs, as ip(8) and bridge(8) show them. */

import { familyOf } from '../../../ipam/cidr.ts'
import type { Netns } from '../../plan/netns.ts'
import type { ObservedFdb, ObservedVlan } from '../../plan/observed.ts'
import { NetlinkError } from './errno.ts'
import { BRIDGE_VLAN_INFO_PVID, BRIDGE_VLAN_INFO_UNTAGGED, RTM_GETVLAN, vlan } from './headers/if_bridge.ts'
import { NUD_NOARP, NUD_PERMANENT, neigh, RTM_GETNEIGH } from './headers/neighbour.ts'
import { AF_BRIDGE, AF_INET, AF_INET6 } from './headers/rtnetlink.ts'
import { getLink, indexOf } from './links.ts'
import { request } from './message.ts'
import { type Netlink, netlink } from './socket.ts'

/** The interface's number and a socket to ask about it. */
const placed = async <T>(
  netns: Netns,
  dev: string,
  look: (route: Netlink, index: number) => T,
  none: T,
): Promise<T | undefined> => {
  const route = await netlink(netns, 'route')
  if (!route) return undefined
  const index = indexOf(route, dev)
  return index === undefined ? none : look(route, index)
}

const ENOENT = 2

/** The hardware address behind an address; empty while nobody answers. @returns undefined without netlink */
export const neighbourOf = (netns: Netns, dev: string, address: string): Promise<string | undefined> =>
  placed(netns, dev, (route, ndm_ifindex) => hardwareOf(route, ndm_ifindex, address), '')

const hardwareOf = (route: Netlink, ndm_ifindex: number, NDA_DST: string): string => {
  const ndm_family = familyOf(NDA_DST) === 4 ? AF_INET : AF_INET6
  try {
    const body = route.get(request(RTM_GETNEIGH, neigh, { ndm_family, ndm_ifindex, NDA_DST }))
    return neigh.decode(body).NDA_LLADDR || ''
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === ENOENT) return ''
    throw error
  }
}

/** @returns undefined without netlink */
export const fdbEntriesOf = (netns: Netns, dev: string): Promise<ObservedFdb[] | undefined> =>
  placed(
    netns,
    dev,
    (route, ndm_ifindex) =>
      route
        .dump(request(RTM_GETNEIGH, neigh, { ndm_family: AF_BRIDGE, ndm_ifindex }))
        .map(neigh.decode)
        .filter(one => one.ndm_ifindex === ndm_ifindex)
        .flatMap(({ NDA_LLADDR: mac, NDA_DST: dst }) => (mac && dst ? [{ mac, dst }] : [])),
    [],
  )

/** What somebody told the kernel for ever: the hardware address behind an address. */
export interface NeighbourEntry {
  readonly dev: string
  readonly address: string
  readonly mac: string
}

/** The same of a bridge: behind which of its ports an address is. */
export interface FdbEntry {
  readonly dev: string
  readonly mac: string
}

/** Permanent neighbours of a namespace. @returns undefined without netlink */
export const permanentNeighbours = async (netns: Netns): Promise<NeighbourEntry[] | undefined> =>
  told(netns, [AF_INET, AF_INET6], NUD_PERMANENT, ({ NDA_DST: address, NDA_LLADDR: mac }) =>
    address && mac ? { address, mac } : undefined,
  )

/** Entries of bridges' forwarding databases that were not learned. @returns undefined without netlink */
export const toldFdb = async (netns: Netns): Promise<FdbEntry[] | undefined> =>
  told(netns, [AF_BRIDGE], NUD_PERMANENT | NUD_NOARP, ({ NDA_DST: far, NDA_LLADDR: mac }) =>
    mac && !far ? { mac } : undefined,
  )

const told = async <T extends object>(
  netns: Netns,
  families: readonly number[],
  state: number,
  of: (body: ReturnType<typeof neigh.decode>) => T | undefined,
): Promise<(T & { dev: string })[] | undefined> => {
  const route = await netlink(netns, 'route')
  return (
    route &&
    families
      .flatMap(ndm_family => route.dump(request(RTM_GETNEIGH, neigh, { ndm_family })))
      .map(neigh.decode)
      .filter(({ ndm_state = 0 }) => ndm_state & state)
      .flatMap(body => {
        const found = of(body)
        const dev = found && getLink(route, { ifi_index: body.ndm_ifindex })?.IFLA_IFNAME
        return found && dev ? [{ ...found, dev }] : []
      })
  )
}

const EOPNOTSUPP = 95

/** @returns undefined without netlink, or on a kernel before 5.6, which tells it only of all ports at once */
export const portVlansOf = async (netns: Netns, dev: string): Promise<ObservedVlan[] | undefined> => {
  try {
    return await placed(netns, dev, vlansAt, [])
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === EOPNOTSUPP) return undefined
    throw error
  }
}

const vlansAt = (route: Netlink, ifindex: number): ObservedVlan[] =>
  route
    .dump(request(RTM_GETVLAN, vlan, { family: AF_BRIDGE, ifindex }))
    .map(vlan.decode)
    .filter(one => one.ifindex === ifindex)
    .flatMap(({ BRIDGE_VLANDB_ENTRY: entries = [] }) => entries)
    .flatMap(({ BRIDGE_VLANDB_ENTRY_INFO: info = {}, BRIDGE_VLANDB_ENTRY_RANGE: range }) => {
      const { vid = 0, flags = 0 } = info
      return Array.from({ length: (range ?? vid) - vid + 1 }, (_, n) => ({
        vid: vid + n,
        pvid: (flags & BRIDGE_VLAN_INFO_PVID) !== 0,
        untagged: (flags & BRIDGE_VLAN_INFO_UNTAGGED) !== 0,
      }))
    })
