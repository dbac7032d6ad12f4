/** Rules of the routing policy: what comes from an address is routed by a table of its own (ip-rule(8)). */

import { familyOf } from '../../../ipam/cidr.ts'
import type { Netns } from '../netns.ts'
import type { Common, Kind } from './kind.ts'

export interface Rule extends Common {
  readonly kind: 'rule'
  /** An address of the container, without prefix length: its own, so the rule is, too. */
  readonly from: string
  /** Undefined where nobody knows any more: whichever it is, for removal alone. */
  readonly table?: number
}

export interface RuleOp {
  readonly op: 'rule.add' | 'rule.del'
  readonly netns: Netns
  readonly from: string
  readonly table: number
}

export const rule: Kind<Rule, RuleOp> = {
  ensure({ netns, from, table }, observed) {
    const found = observed.rules.get(netns) ?? []
    if (table === undefined || found.some(one => one.from === from && one.table === table)) return []
    return [{ op: 'rule.add', netns, from, table }]
  },
  remove({ netns, from, table }, observed) {
    const mine = (observed.rules.get(netns) ?? []).filter(
      one => one.from === from && (table === undefined || one.table === table),
    )
    return mine.map(one => ({ op: 'rule.del', netns, ...one }))
  },
  // A rule belongs to a family even where its address would tell.
  tool: ({ from }) => (familyOf(from) === 4 ? 'ip' : 'ip -6'),
  line: ({ op, from, table }) => `${op.replace('.', ' ')} from ${from} lookup ${table}`,
  words: ({ op, from, table }) =>
    op === 'rule.add'
      ? `route what comes from ${from} by table ${table}`
      : `route what comes from ${from} no longer by table ${table}`,
  undo: op => (op.op === 'rule.add' ? [{ ...op, op: 'rule.del' }] : []),
}
