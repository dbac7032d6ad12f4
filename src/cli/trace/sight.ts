/**
 * What the model asks of a host, and what it is told: all it knows. `look.ts` answers from the kernel, tests from tables.
 * A place is a network namespace: that of the host, or a container's.
 */

import type { Netns } from '../../plan/netns.ts'
import type { ObservedLink, ObservedVlan } from '../../plan/observed.ts'
import type { PortMapping } from '../../services/wants.ts'
import type { Ruleset } from './ruleset.ts'

export interface LinkSeen extends ObservedLink {
  /** Of a veth, the index of its other end, in whatever namespace that is. */
  readonly peer?: number
}

/** What the kernel's routing says of a packet (ip-route(8), "get"). */
export type RouteSeen =
  | {
      readonly kind: 'unicast' | 'local'
      readonly dev: string
      /** Empty for a neighbour. */
      readonly via: string
      /** The address that it leaves with, if it has none yet. */
      readonly source: string
    }
  /** The kernel's own words, `Network is unreachable`. */
  | { readonly kind: 'refused'; readonly words: string }

export interface RouteQuery {
  readonly to: string
  readonly from?: string
  /** The interface that it came by; without it, it is made here. */
  readonly iif?: string
  readonly mark?: number
}

export interface NeighbourSeen {
  /** Empty while nobody answered. */
  readonly mac: string
  /** `REACHABLE`, `STALE`, `PERMANENT`, `FAILED` … */
  readonly state: string
}

/** An entry of a forwarding database (bridge(8), "fdb"). */
export interface FdbSeen {
  readonly mac: string
  /** The bridge's port, the bridge itself, or a VXLAN device. */
  readonly dev: string
  /** `permanent` is the bridge's own, `static` was told, empty was learned. */
  readonly state: string
  readonly vlan?: number
  /** Of a VXLAN device, the other end. */
  readonly dst?: string
  /** Of the device itself, not of the bridge it is a port of. */
  readonly self: boolean
}

/** One end of a cable of ours. */
export interface PlugSeen {
  readonly network: string
  readonly container: string
  readonly ifname: string
  /** Undefined where nobody knows its namespace, or that is gone. */
  readonly netns?: `/${string}`
  /** As leased, `10.22.0.2/24`. */
  readonly addresses: readonly string[]
  /** The host's end, and the bridge that it is to be plugged into. */
  readonly port?: string
  readonly bridge?: string
  /** The network is to give what leaves the host's address. */
  readonly masquerades: boolean
  /** Ports of the host that are to lead there. */
  readonly ports: readonly PortMapping[]
  /** The bridge's port by which the network leads to other hosts, if it does. */
  readonly wayOut?: string
}

export interface Sight {
  readonly plugs: readonly PlugSeen[]
  links(place: Netns): Promise<readonly LinkSeen[]>
  route(place: Netns, query: RouteQuery): Promise<RouteSeen>
  neighbour(place: Netns, dev: string, address: string): Promise<NeighbourSeen | undefined>
  /** Of all bridges and VXLAN devices of the host. */
  fdb(): Promise<readonly FdbSeen[]>
  /** By port, of the host. */
  vlans(): Promise<ReadonlyMap<string, readonly ObservedVlan[]>>
  /** Empty for what this kernel does not have. @param key `net/ipv4/ip_forward` */
  sysctl(place: Netns, key: string): Promise<string>
  ruleset(place: Netns): Promise<Ruleset>
  /** Whether a socket waits there. */
  listens(place: Netns, protocol: 'tcp' | 'udp' | 'sctp', address: string, port: number): Promise<boolean>
}
