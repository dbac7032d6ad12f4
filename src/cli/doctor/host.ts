/** The host as it was seen, for those who judge it. Data only. */

import type { Collection } from '../../../cni/collect.ts'
import type { Looked, Unseen } from '../../../cni/repair.ts'
import type { RangeSet } from '../../../ipam/range.ts'
import type { Answer } from '../../linux/arp.ts'
import type { AttachmentSeen } from '../../linux/attachments.ts'
import type { FdbEntry, NeighbourEntry } from '../../linux/netlink/neighbours.ts'
import type { StateFiles } from '../../linux/statefiles.ts'
import type { ObservedFirewalls, ObservedLink, ObservedListener } from '../../plan/observed.ts'
import type { Meddler } from '../install/parcel.ts'

export interface HostSeen {
  /** Capabilities that we lack; empty if all is there. */
  readonly lacks: string
  /** Why it is not netlink by which we speak with the kernel; undefined if it is. */
  readonly byPrograms?: string
  /** Whether CNI calls wait for the start of the whole program. */
  readonly isSlow: boolean
  readonly attachments: readonly AttachmentSeen[]
  /** What each attachment should have, and what of it is not so. */
  readonly looked: readonly (Looked | Unseen)[]
  /** What `gc` would take away. */
  readonly collection: Collection
  /** All links of the host, with their addresses. */
  readonly links: readonly ObservedLink[]
  readonly defaultRoutes: readonly DefaultRoute[]
  /** Of the host: forwarding, and of each of its interfaces rp_filter and accept_ra. */
  readonly sysctls: ReadonlyMap<string, string>
  readonly firewalls: ObservedFirewalls
  /** Lines of the filter tables, by `iptables-nft filter` … */
  readonly filters: ReadonlyMap<string, readonly string[]>
  /** Families of which br_netfilter shows to iptables what only crosses a bridge. */
  readonly bridgeNf: readonly (4 | 6)[]
  /** Entries that somebody made for ever: the host's neighbours, and of bridges. */
  readonly neighbours: readonly NeighbourEntry[]
  readonly fdb: readonly FdbEntry[]
  /** Processes that wait at ports which containers publish. */
  readonly listeners: readonly ObservedListener[]
  readonly pools: readonly Pool[]
  readonly files: StateFiles
  /** Who else answers for containers' addresses. */
  readonly answers: readonly Answer[]
  /** Programs that are not installed, and what needs them. */
  readonly missingTools: readonly { readonly tool: string; readonly needs: string }[]
  /** Others under our name where runtimes look for plugins. */
  readonly plugins: readonly { readonly path: string; readonly version: string }[]
  readonly version: string
  /** Daemons that run here and have not been told to leave our interfaces alone. */
  readonly meddlers: readonly Meddler[]
}

export interface DefaultRoute {
  readonly family: 4 | 6
  readonly dev: string
  /** It came by a router advertisement. */
  readonly advertised: boolean
}

export interface Pool {
  readonly network: string
  readonly sets: readonly RangeSet[]
  /** Without prefix lengths. */
  readonly leased: readonly string[]
}

/** Of a host of which nothing could be seen. */
export const nothingSeen: HostSeen = {
  lacks: '',
  isSlow: false,
  attachments: [],
  looked: [],
  collection: { collected: [], strays: [], unknown: [] },
  links: [],
  defaultRoutes: [],
  sysctls: new Map(),
  firewalls: { barriers: [], mixed: false },
  filters: new Map(),
  bridgeNf: [],
  neighbours: [],
  fdb: [],
  listeners: [],
  pools: [],
  files: { directory: '', damaged: [], earlier: [] },
  answers: [],
  missingTools: [],
  plugins: [],
  version: '',
  meddlers: [],
}
