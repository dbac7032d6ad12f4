/** One attachment's element in a set or map of our rules, or one that a network has in what all networks share. */

import { CniError, codes } from '../../../cni/errors.ts'
import type { Common, Kind } from './kind.ts'
import { deleteElement, nft, quoted, type RulesetOp } from './ruleset.ts'

export interface Element extends Common {
  readonly kind: 'element'
  readonly table: string
  readonly set: string
  /** As nft writes it: parts joined by ` . `. */
  readonly key: string
  /** Of a map: what the key leads to, written likewise. */
  readonly value?: string
  /** Whose it is, at most 128 bytes. An element with another's comment is never deleted. */
  readonly comment: string
  /** Only one may hold the key: what it stands for, as `port 8080/tcp of the host`. */
  readonly exclusive?: string
}

export const element: Kind<Element, RulesetOp> = {
  ensure(desired, observed) {
    const { table, set, key, value, comment, exclusive } = desired
    const found = observed.tables
      .get(table)
      ?.sets.get(set)
      ?.find(one => one.key === key)
    if (!found) return [add(desired)]
    if (found.comment === comment && found.value === value) return []
    // Of two networks on one bridge either may have put it there.
    if (desired.scope === 'network' && found.value === value) return []
    if (exclusive && found.comment !== comment && !found.abandoned) throw taken(exclusive, found.comment)
    return [deleteElement({ table, set, key }), add(desired)]
  },
  remove({ table, set, comment, scope }, observed) {
    if (scope === 'network') return [] // it goes with the network's rules
    const mine = (observed.tables.get(table)?.sets.get(set) ?? []).filter(one => one.comment === comment)
    return mine.map(({ key }) => deleteElement({ table, set, key }))
  },
  removedWith: ({ table, set, comment }) => `${table} ${set} ${comment}`,
  tool: () => 'nft',
  line: op => op.line,
  words: op => op.words,
  undo: op => [...op.undo],
}

/** Of one that only one may hold the kernel makes sure, too: whoever comes second is refused. */
const add = ({ table, set, key, value, comment, exclusive }: Element) =>
  nft(
    `${exclusive ? 'create' : 'add'} element ${table} ${set} { ${quoted(key)} comment "${comment}"${value === undefined ? '' : ` : ${value}`} }`,
    `put ${key} into the nft ${value === undefined ? 'set' : 'map'} ${set}`,
    [deleteElement({ table, set, key })],
  )

export const taken = (what: string, holder: string) =>
  new CniError(
    codes.portTaken,
    `${what} is taken by ${holder}`,
    'choose another one, or DEL the attachment that has it (network/container/interface)',
  )
