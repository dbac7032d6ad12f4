/** Lines of nft(8) that add or delete one element, read back; others are nft's business. Pure. */

import type { ElementChange } from './nftelements.ts'

const LINE =
  /^(add|create|delete) element (\w+ [\w./-]+) ([\w./-]+) \{ ([^{}",;]+?)(?: comment "([^"]*)")?(?: : ([^{}",;]+?))? \}$/

/** @returns undefined unless every line is about one element */
export const readElementLines = (lines: readonly string[]): ElementChange[] | undefined => {
  const found = lines.map(line => LINE.exec(line))
  if (!found.every(one => one !== null)) return undefined
  return found.map(([, verb, table, set, key, comment, value]) => ({
    verb: verb as ElementChange['verb'],
    table: table!,
    set: set!,
    key: key!,
    comment,
    value,
  }))
}
