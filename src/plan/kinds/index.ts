/** All kinds of objects that a description may have: one table, one file each. */

import { type Addr, type AddrOp, addr } from './addr.ts'
import { type Arrival, type ArrivalOp, arrival } from './arrival.ts'
import { type Element, element } from './element.ts'
import { type Forwarding, forwarding } from './forwarding.ts'
import { type Iptables, type IptablesOp, iptables } from './iptables.ts'
import type { Kind } from './kind.ts'
import { type Link, type LinkOp, link } from './link.ts'
import { type Neigh, type NeighOp, neigh } from './neigh.ts'
import { type Route, type RouteOp, route } from './route.ts'
import { type Ruleset, type RulesetOp, ruleset } from './ruleset.ts'
import { type Sysctl, type SysctlOp, sysctl } from './sysctl.ts'

export type Desired =
  | Addr
  | Arrival
  | Element
  | Forwarding
  | Iptables
  | Link
  | Neigh
  | Route
  | Ruleset
  | Sysctl

export type Op = AddrOp | ArrivalOp | IptablesOp | LinkOp | NeighOp | RouteOp | RulesetOp | SysctlOp

const byDesired = { addr, arrival, element, forwarding, iptables, link, neigh, route, ruleset, sysctl }
const byOp = { addr, arrival, iptables, link, neigh, nft: ruleset, route, sysctl }

/** The kind of an object, or of an op: `link.add` is link's. */
export const kindOf = (desired: Desired) => byDesired[desired.kind] as unknown as Kind<Desired, Op>
export const kindOfOp = ({ op }: Op) =>
  byOp[op.split('.')[0] as keyof typeof byOp] as unknown as Kind<Desired, Op>
