/** All kinds of objects that a description may have: one table, one file each. */

import { type Addr, type AddrOp, addr } from './addr.ts'
import { type Arrival, type ArrivalOp, arrival } from './arrival.ts'
import { type Element, element } from './element.ts'
import { type Fdb, type FdbOp, fdb } from './fdb.ts'
import { type Forwarding, forwarding } from './forwarding.ts'
import { type Iptables, type IptablesOp, iptables } from './iptables.ts'
import type { Kind } from './kind.ts'
import { type Link, type LinkOp, link } from './link.ts'
import { type Neigh, type NeighOp, neigh } from './neigh.ts'
import { type Offload, type OffloadOp, offload } from './offload.ts'
import { type Probe, type ProbeOp, probe } from './probe.ts'
import { type Route, type RouteOp, route } from './route.ts'
import { type Ruleset, type RulesetOp, ruleset } from './ruleset.ts'
import { type Sysctl, type SysctlOp, sysctl } from './sysctl.ts'
import { type Takeover, takeover } from './takeover.ts'
import { type Vlan, type VlanOp, vlan } from './vlan.ts'

export type Desired =
  | Addr
  | Arrival
  | Element
  | Fdb
  | Forwarding
  | Iptables
  | Link
  | Neigh
  | Offload
  | Probe
  | Route
  | Ruleset
  | Sysctl
  | Takeover
  | Vlan

export type Op =
  | AddrOp
  | ArrivalOp
  | FdbOp
  | IptablesOp
  | LinkOp
  | NeighOp
  | OffloadOp
  | ProbeOp
  | RouteOp
  | RulesetOp
  | SysctlOp
  | VlanOp

const byDesired = {
  addr,
  arrival,
  element,
  fdb,
  forwarding,
  iptables,
  link,
  neigh,
  offload,
  probe,
  route,
  ruleset,
  sysctl,
  takeover,
  vlan,
}
const byOp = { addr, arrival, fdb, iptables, link, neigh, nft: ruleset, offload, probe, route, sysctl, vlan }

/** The kind of an object, or of an op: `link.add` is link's. */
export const kindOf = (desired: Desired) => byDesired[desired.kind] as unknown as Kind<Desired, Op>
export const kindOfOp = ({ op }: Op) =>
  byOp[op.split('.')[0] as keyof typeof byOp] as unknown as Kind<Desired, Op>
