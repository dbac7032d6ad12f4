/** All kinds of objects that a description may have: one table, one file each. */

import { type Addr, type AddrOp, addr } from './addr.ts'
import { type Arrival, type ArrivalOp, arrival } from './arrival.ts'
import { type Conntrack, type ConntrackOp, conntrack } from './conntrack.ts'
import { type Element, element } from './element.ts'
import { type Fdb, type FdbOp, fdb } from './fdb.ts'
import { type Forwarding, forwarding } from './forwarding.ts'
import { type HostPort, hostport } from './hostport.ts'
import { type Iptables, type IptablesOp, iptables } from './iptables.ts'
import type { Kind } from './kind.ts'
import { type Link, type LinkOp, link } from './link.ts'
import { type Neigh, type NeighOp, neigh } from './neigh.ts'
import { type Offload, type OffloadOp, offload } from './offload.ts'
import { type Probe, type ProbeOp, probe } from './probe.ts'
import { type Redirect, redirect } from './redirect.ts'
import { type Route, type RouteOp, route } from './route.ts'
import { type Rule, type RuleOp, rule } from './rule.ts'
import { type Ruleset, type RulesetOp, ruleset } from './ruleset.ts'
import { type Shaper, shaper } from './shaper.ts'
import { type Sysctl, type SysctlOp, sysctl } from './sysctl.ts'
import { type Takeover, takeover } from './takeover.ts'
import type { TcOp } from './tc.ts'
import { type Unroute, unroute } from './unroute.ts'
import { type Vlan, type VlanOp, vlan } from './vlan.ts'
import { type Zone, type ZoneOp, zone } from './zone.ts'

export type Desired =
  | Addr
  | Arrival
  | Conntrack
  | Element
  | Fdb
  | Forwarding
  | HostPort
  | Iptables
  | Link
  | Neigh
  | Offload
  | Probe
  | Redirect
  | Route
  | Rule
  | Ruleset
  | Shaper
  | Sysctl
  | Takeover
  | Unroute
  | Vlan
  | Zone

export type Op =
  | AddrOp
  | ArrivalOp
  | ConntrackOp
  | FdbOp
  | IptablesOp
  | LinkOp
  | NeighOp
  | OffloadOp
  | ProbeOp
  | RouteOp
  | RuleOp
  | RulesetOp
  | SysctlOp
  | TcOp
  | VlanOp
  | ZoneOp

const byDesired = {
  addr,
  arrival,
  conntrack,
  element,
  fdb,
  forwarding,
  hostport,
  iptables,
  link,
  neigh,
  offload,
  probe,
  redirect,
  route,
  rule,
  ruleset,
  shaper,
  sysctl,
  takeover,
  unroute,
  vlan,
  zone,
}
const byOp = {
  addr,
  arrival,
  class: shaper,
  conntrack,
  fdb,
  filter: shaper,
  iptables,
  link,
  neigh,
  nft: ruleset,
  offload,
  probe,
  qdisc: shaper,
  route,
  rule,
  sysctl,
  vlan,
  zone,
}

/** The kind of an object, or of an op: `link.add` is link's. */
export const kindOf = (desired: Desired) => byDesired[desired.kind] as unknown as Kind<Desired, Op>
export const kindOfOp = ({ op }: Op) =>
  byOp[op.split('.')[0] as keyof typeof byOp] as unknown as Kind<Desired, Op>
