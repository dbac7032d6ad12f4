/** What every kind of object of a description has in common, and what each must be able to do. */

import type { Netns } from '../netns.ts'
import type { Observed } from '../observed.ts'

export interface Common {
  readonly netns: Netns
  /**
   * `network` is shared by all attachments: ensured by each, undone by none.
   * `attachment` belongs to one (network, container ID, interface) and goes with it.
   */
  readonly scope: 'network' | 'attachment'
  /** Which field or which need of the network asked for it; shown by `plan`. */
  readonly why: string
}

/** The program an op is a line for. */
export type Tool =
  | 'ip'
  | 'ip -6'
  | 'bridge'
  | 'tc'
  | 'sysctl'
  | 'nft'
  | `ip${'' | '6'}tables${'' | '-nft' | '-legacy'}`
  | 'firewall-cmd'
  | 'ethtool'
  | 'await'
  | 'conntrack'

/** @typeParam Others ops of other kinds that it may ask for */
export interface Kind<Desired, Op, Others = never> {
  /** The ops after which the machine has `desired`; none if it has it. */
  ensure(desired: Desired, observed: Observed): (Op | Others)[]
  /** The ops after which it is gone; none if it is, or if it goes with its link. */
  remove(desired: Desired, observed: Observed): (Op | Others)[]
  /** Of objects with the same key, removing one removes all; only that one is asked. */
  removedWith?(desired: Desired): string
  tool(op: Op): Tool
  /** The op as that program reads it: exactly one line. */
  line(op: Op): string
  /** The op in English, as in "cannot ‹…›: ‹reason›". */
  words(op: Op): string
  /** What takes the op back; none where it dies with its link. */
  undo(op: Op): Op[]
}
