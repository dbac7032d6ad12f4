/** All rules of a namespace in one shape, that of libnftables-json(5), whoever made them. Pure. */

import type { NftStatement } from '../../plan/observed.ts'

export interface Rule {
  readonly expr: readonly NftStatement[]
  /** By which its tool finds it: `rule 12 "web 3f2a"` of nft, its own line of iptables. */
  readonly text: string
  /** Of nft. */
  readonly handle?: number
}

export interface Chain {
  /** Family and name, `inet vethwork`; of iptables `iptables-legacy filter`. */
  readonly table: string
  readonly family: 'ip' | 'ip6' | 'inet' | 'bridge' | string
  readonly name: string
  /** Only base chains have these. */
  readonly type?: string
  readonly hook?: string
  readonly priority?: number
  readonly policy?: string
  readonly rules: readonly Rule[]
  /** The command that prints it. */
  readonly see: string
}

/** A key with all its parts, and of a map what it leads to. */
export interface Element {
  readonly key: readonly unknown[]
  readonly value?: unknown
  readonly comment: string
}

export interface RuleSet {
  /** The kernel fills it with what passes and forgets it with time: its elements are not read. */
  readonly fleeting: boolean
  readonly elements: readonly Element[]
}

export interface Ruleset {
  /** By `chainKey`. */
  readonly chains: ReadonlyMap<string, Chain>
  /** By table and name. */
  readonly sets: ReadonlyMap<string, RuleSet>
}

export const keyOf = (table: string, name: string) => `${table}\n${name}`

interface Entry {
  readonly chain?: Listed & { type?: string; hook?: string; prio?: number; policy?: string }
  readonly rule?: Omit<Listed, 'name'> & { chain: string; comment?: string; expr: NftStatement[] }
  readonly set?: ListedSet
  readonly map?: ListedSet
}
interface Listed {
  readonly family: string
  readonly table: string
  readonly name: string
  readonly handle: number
}
interface ListedSet extends Listed {
  readonly flags?: string | readonly string[]
  readonly elem?: readonly unknown[]
}

/** @param json what `nft -j list ruleset` printed */
export const rulesetOf = (json: readonly Entry[]): Ruleset => {
  const chains = new Map<string, Chain & { rules: Rule[] }>()
  const sets = new Map<string, RuleSet>()
  for (const { chain, set, map } of json) {
    if (chain) {
      const table = `${chain.family} ${chain.table}`
      const { family, name, type, hook, prio: priority, policy } = chain
      const see = `nft -a list chain ${table} ${quoted(name)}`
      chains.set(keyOf(table, name), { table, family, name, type, hook, priority, policy, rules: [], see })
    }
    const listed = set ?? map
    if (listed)
      sets.set(keyOf(`${listed.family} ${listed.table}`, listed.name), {
        fleeting: [listed.flags ?? []].flat().some(flag => flag === 'timeout' || flag === 'dynamic'),
        elements: (listed.elem ?? []).map(elementOf),
      })
  }
  for (const { rule } of json)
    if (rule)
      chains.get(keyOf(`${rule.family} ${rule.table}`, rule.chain))?.rules.push({
        expr: rule.expr,
        handle: rule.handle,
        text: `rule ${rule.handle}${rule.comment ? ` "${rule.comment}"` : ''}`,
      })
  return { chains, sets }
}

const quoted = (name: string) => (/^[\w./-]+$/.test(name) ? name : `'${name}'`)

/** In a map, a pair of what and whereto; with a comment, in one more box. */
const elementOf = (elem: unknown): Element => {
  const [boxed, value] = Array.isArray(elem) ? elem : [elem, undefined]
  const inner = (boxed as { elem?: { val: unknown; comment?: string } } | null)?.elem
  const { val, comment = '' } = inner ?? { val: boxed }
  return { key: partsOf(val), comment, ...(value === undefined ? {} : { value }) }
}

/** The parts of what may be several joined by dots. */
export const partsOf = (value: unknown): readonly unknown[] => {
  // Strings and lists have a `concat`, too, which is not theirs alone.
  const isConcat = value !== null && typeof value === 'object' && Object.hasOwn(value, 'concat')
  return isConcat ? (value as { concat: unknown[] }).concat : [value]
}

/** One ruleset with another's chains instead of its own of some tables. */
export const replacing = (
  { chains, sets }: Ruleset,
  tables: ReadonlySet<string>,
  others: readonly Chain[],
): Ruleset => ({
  chains: new Map([
    ...[...chains].filter(([, { table }]) => !tables.has(table)),
    ...others.map(chain => [keyOf(chain.table, chain.name), chain] as const),
  ]),
  sets,
})

/** Tables of nft whose rules only iptables can tell: modules of its own are in them (`xt`). */
export const opaqueTables = ({ chains }: Ruleset): string[] => [
  ...new Set(
    [...chains.values()]
      .filter(({ rules }) => rules.some(({ expr }) => expr.some(one => 'xt' in one)))
      .map(({ table }) => table),
  ),
]
