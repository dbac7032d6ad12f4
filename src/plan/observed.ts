/** What the machine was seen to have, of the things a description names. Data only. */

import type { Netns } from './netns.ts'

export interface ObservedAddress {
  /** `10.22.0.1/24` */
  readonly address: string
  readonly scope: string
  /** Duplicate address detection is not done, or found a duplicate (IPv6). */
  readonly tentative: boolean
  readonly dadFailed: boolean
  /** What else was said of it when it was added, in the words of ip-address(8): `brd 10.22.0.255 metric 100`. */
  readonly words?: string
}

export interface ObservedLink {
  readonly name: string
  readonly index: number
  /** `bridge`, `veth`, …; empty for a physical interface and `lo`. */
  readonly type: string
  readonly mac: string
  readonly mtu: number
  readonly up: boolean
  /** As RFC 2863 has it: UP, DOWN, LOWERLAYERDOWN, UNKNOWN … */
  readonly operstate: string
  readonly promisc: boolean
  readonly alias: string
  readonly master: string
  /** The device it is made on; empty if there is none, or in another namespace. */
  readonly lower: string
  /** What only its type has (linkinfo.info_data). */
  readonly details: Readonly<Record<string, unknown>>
  /** Only a port of a bridge has it. */
  readonly port?: { readonly hairpin: boolean; readonly isolated: boolean; readonly state: string }
  readonly addresses: readonly ObservedAddress[]
}

export interface ObservedRoute {
  readonly family: 4 | 6
  /** In CIDR notation, the default route too. */
  readonly dst: string
  /** Empty for a route on the link. */
  readonly gw: string
  /** Its number: 254 is main. */
  readonly table: string
  readonly priority: number
  readonly mtu: number
  readonly advmss: number
  /** Who made it, as a number: 2 is the kernel. */
  readonly protocol: string
  /** The address that packets leave with, if the route says so. */
  readonly src: string
}

export interface ObservedElement {
  /** The key as nft writes it, parts joined by ` . `. */
  readonly key: string
  readonly comment: string
}

/** One of our nft tables. Rules are known by their comments: each comment is the rule's own. */
export interface ObservedTable {
  readonly chains: ReadonlyMap<string, readonly string[]>
  readonly sets: ReadonlyMap<string, readonly ObservedElement[]>
}

/** The value of a sysctl that this kernel does not have. */
export const ABSENT = '(absent)'

/** An entry of a VXLAN device's forwarding database: which VTEP has a MAC address. */
export interface ObservedFdb {
  readonly mac: string
  readonly dst: string
}

export interface ObservedVlan {
  readonly vid: number
  readonly pvid: boolean
  readonly untagged: boolean
}

export interface Observed {
  readonly links: ReadonlyMap<string, ObservedLink>
  readonly routes: ReadonlyMap<string, readonly ObservedRoute[]>
  readonly fdb: ReadonlyMap<string, readonly ObservedFdb[]>
  /** Of bridges and their ports. */
  readonly vlans: ReadonlyMap<string, readonly ObservedVlan[]>
  /** Whether checksums are left to what is below an interface. */
  readonly offloads: ReadonlyMap<string, boolean>
  readonly sysctls: ReadonlyMap<string, string>
  /** Interfaces whose default route comes from router advertisements that they take only while the host does not forward. */
  readonly advertised: readonly string[]
  /** By family and name: `inet vethwork`. */
  readonly tables: ReadonlyMap<string, ObservedTable>
  /** Lines of `iptables-save` of a table: by `iptables nat`, `ip6tables nat`. */
  readonly iptables: ReadonlyMap<string, readonly string[]>
}

/** The key of what belongs to an interface or a namespace: what, in which namespace. */
export const at = (netns: Netns, what: string) => `${netns}\n${what}`

export const nothing: Observed = {
  links: new Map(),
  routes: new Map(),
  fdb: new Map(),
  vlans: new Map(),
  offloads: new Map(),
  sysctls: new Map(),
  advertised: [],
  tables: new Map(),
  iptables: new Map(),
}
