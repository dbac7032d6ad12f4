/** What the machine was seen to have, of the things a description names. Data only. */

import type { Netns } from './netns.ts'

export interface ObservedAddress {
  /** `10.22.0.1/24` */
  readonly address: string
  readonly scope: string
  /** Duplicate address detection is not done, or found a duplicate (IPv6). */
  readonly tentative: boolean
  readonly dadFailed: boolean
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
  readonly table: string
  readonly priority: number
  readonly mtu: number
  readonly advmss: number
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

export interface Observed {
  readonly links: ReadonlyMap<string, ObservedLink>
  readonly routes: ReadonlyMap<string, readonly ObservedRoute[]>
  readonly sysctls: ReadonlyMap<string, string>
  /** Interfaces whose default route comes from router advertisements that they take only while the host does not forward. */
  readonly advertised: readonly string[]
  /** By family and name: `inet vethwork`. */
  readonly tables: ReadonlyMap<string, ObservedTable>
  /** Lines of `iptables-save` of a table: by `iptables nat`, `ip6tables nat`. */
  readonly iptables: ReadonlyMap<string, readonly string[]>
}

/** The key of `links`, `routes` and `sysctls`: what, in which namespace. */
export const at = (netns: Netns, what: string) => `${netns}\n${what}`

export const nothing: Observed = {
  links: new Map(),
  routes: new Map(),
  sysctls: new Map(),
  advertised: [],
  tables: new Map(),
  iptables: new Map(),
}
