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
  readonly allmulti: boolean
  readonly txQLen: number
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

/** RTPROT_KERNEL of rtnetlink(7): of a route that an address brought. */
export const KERNEL = '2'

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
  /** Its number: 253 is link; always 0 for IPv6. */
  readonly scope: number
}

/** A rule of the routing policy that looks at the source alone (ip-rule(8)). */
export interface ObservedRule {
  /** An address without prefix length. */
  readonly from: string
  readonly table: number
}

export interface ObservedElement {
  /** The key as nft writes it, parts joined by ` . `. */
  readonly key: string
  /** Of a map: what the key leads to. */
  readonly value?: string
  readonly comment: string
  /** The one whose it was is gone. */
  readonly abandoned?: boolean
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

/** A filter by bits of the packet (tc-u32(8)). */
export interface ObservedFilter {
  /** `ip`, `ipv6`, `all` */
  readonly protocol: string
  /** The class it leads to, `7e:1`; `7e:` is past all classes. */
  readonly flow: string
  /** Each value, mask and offset in bytes, `0a000000/ff000000@12`. */
  readonly matches: readonly string[]
}

/** How an interface queues what it sends, and what is done with what comes in (tc(8)). */
export interface ObservedQueues {
  /** Kind and handle of the queueing discipline, `htb 7e:`; empty where it is the kernel's own choice. */
  readonly root: string
  /** Of its class: bits per second; bytes; bytes that may wait. */
  readonly rate?: number
  readonly burst?: number
  readonly queue?: number
  /** What no filter chooses goes by the class. */
  readonly shapesAll: boolean
  readonly filters: readonly ObservedFilter[]
  /** Where filters look at what comes in. */
  readonly hook: '' | 'ingress' | 'clsact'
  /** Those filters: their preference, and the device they redirect to; empty for another action. */
  readonly incoming: readonly { readonly pref: number; readonly to: string }[]
}

/** A base chain of somebody else's at nft's forward hook: what it drops is lost, whoever accepted it elsewhere. */
export interface ObservedBarrier {
  /** Family and name: `inet filter`. */
  readonly table: string
  readonly chain: string
  readonly policy: string
  /** The statements of each rule, as libnftables-json(5) has them. */
  readonly rules: readonly (readonly NftStatement[])[]
}

export type NftStatement = Readonly<Record<string, unknown>>

/** The host's own firewalls, as far as they concern what goes through it. */
export interface ObservedFirewalls {
  readonly barriers: readonly ObservedBarrier[]
  /** Of firewalld, by interface, its default one by ''; undefined where it has no rules. */
  readonly zones?: ReadonlyMap<string, string>
  /** Both kinds of iptables, the older one and that over nftables, hold rules. */
  readonly mixed: boolean
}

export interface Observed {
  readonly links: ReadonlyMap<string, ObservedLink>
  readonly routes: ReadonlyMap<string, readonly ObservedRoute[]>
  /** By namespace. */
  readonly rules: ReadonlyMap<Netns, readonly ObservedRule[]>
  readonly queues: ReadonlyMap<string, ObservedQueues>
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
  /** Lines of `iptables-save` of a table: by `iptables nat`, `ip6tables-legacy filter`. */
  readonly iptables: ReadonlyMap<string, readonly string[]>
  /** All addresses of the host, without prefix lengths; asked for when ports are published. */
  readonly hostAddresses: readonly string[]
  /** Of the ports that are to be published. */
  readonly listeners: readonly ObservedListener[]
  readonly firewalls: ObservedFirewalls
}

/** A socket of the host that waits for whoever comes. */
export interface ObservedListener {
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  readonly port: number
  /** Canonical; empty: every address of `families`. */
  readonly address: string
  readonly families: readonly (4 | 6)[]
  /** Who has it; undefined if that cannot be seen from here. */
  readonly process?: {
    readonly pid: number
    readonly name: string
    readonly command: string
    /** It started us, maybe by others. */
    readonly isAncestor?: boolean
  }
}

/** The key of what belongs to an interface or a namespace: what, in which namespace. */
export const at = (netns: Netns, what: string) => `${netns}\n${what}`

export const nothing: Observed = {
  links: new Map(),
  routes: new Map(),
  rules: new Map(),
  queues: new Map(),
  fdb: new Map(),
  vlans: new Map(),
  offloads: new Map(),
  sysctls: new Map(),
  advertised: [],
  tables: new Map(),
  iptables: new Map(),
  hostAddresses: [],
  listeners: [],
  firewalls: { barriers: [], mixed: false },
}
