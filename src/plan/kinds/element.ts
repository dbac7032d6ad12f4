/** One attachment's element in a set of its network's ruleset. */

import type { Common, Kind } from './kind.ts'
import { nft, type RulesetOp } from './ruleset.ts'

export interface Element extends Common {
  readonly kind: 'element'
  readonly table: string
  readonly set: string
  /** As nft writes it: parts joined by ` . `. */
  readonly key: string
  /** Whose it is, at most 128 bytes. An element with another's comment is never deleted. */
  readonly comment: string
}

export const element: Kind<Element, RulesetOp> = {
  ensure({ table, set, key, comment }, observed) {
    const found = observed.tables.get(table)?.sets.get(set) ?? []
    if (found.some(one => one.key === key && one.comment === comment)) return []
    return [add({ table, set, key, comment })]
  },
  remove({ table, set, comment }, observed) {
    const mine = (observed.tables.get(table)?.sets.get(set) ?? []).filter(one => one.comment === comment)
    return mine.map(({ key }) => del({ table, set, key }))
  },
  tool: () => 'nft',
  line: op => op.line,
  words: op => op.words,
  undo: op => [...op.undo],
}

type Place = Pick<Element, 'table' | 'set' | 'key'>

const add = (place: Place & Pick<Element, 'comment'>) =>
  nft(
    `add element ${place.table} ${place.set} { ${place.key} comment "${place.comment}" }`,
    `put ${place.key} into the nft set ${place.set}`,
    [del(place)],
  )

const del = ({ table, set, key }: Place) =>
  nft(`delete element ${table} ${set} { ${key} }`, `take ${key} out of the nft set ${set}`)
