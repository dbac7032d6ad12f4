/**
 * One network's part of our own nftables table (nft(8)): base chains and sets of its own,
 * so that it comes and goes without anybody else's being touched.
 */

import { fingerprint } from '../fingerprint.ts'
import { HOST, type Netns } from '../netns.ts'
import type { Common, Kind } from './kind.ts'

export interface Chain {
  readonly name: string
  /** `type nat hook postrouting priority srcnat; policy accept;` */
  readonly hook: string
  /** Rules as nft text. */
  readonly rules: readonly string[]
}

export interface NftSet {
  readonly name: string
  /** `type ipv4_addr; flags interval;`, of a map `type inet_service : ipv4_addr;` */
  readonly spec: string
}

export interface Ruleset extends Common {
  readonly kind: 'ruleset'
  /** Family and name: `inet vethwork`. */
  readonly table: string
  readonly network: string
  /** How the names of all its sets and chains end: `/web`; empty for what all networks share. */
  readonly suffix: string
  readonly sets: readonly NftSet[]
  readonly chains: readonly Chain[]
}

export interface RulesetOp {
  readonly op: 'nft'
  readonly netns: Netns
  readonly line: string
  readonly words: string
  readonly undo: readonly RulesetOp[]
}

export const ruleset: Kind<Ruleset, RulesetOp> = {
  ensure({ table, network, sets, chains }, observed) {
    const found = observed.tables.get(table)
    const ops = [
      ...sets
        .filter(set => !found?.sets.has(set.name))
        .map(({ name, spec }) =>
          nft(
            `add ${setOrMap(spec)} ${table} ${name} { ${spec} }`,
            `create the nft ${setOrMap(spec)} ${name}`,
            [nft(`delete set ${table} ${name}`, `delete the nft ${setOrMap(spec)} ${name}`)],
          ),
        ),
      ...chains.flatMap(({ name, hook, rules }) => {
        const present = found?.chains.get(name)
        const chain = nft(`add chain ${table} ${name} { ${hook} }`, `create the nft chain ${name}`, [
          nft(`delete chain ${table} ${name}`, `delete the nft chain ${name}`),
        ])
        const missing = rules
          .map(rule => ({ rule, mark: ruleMark(network, rule) }))
          .filter(({ mark }) => !present?.includes(mark))
        return [
          ...(present ? [] : [chain]),
          ...missing.map(({ rule, mark }) =>
            nft(`add rule ${table} ${name} ${rule} comment "${mark}"`, `add the nft rule: ${rule}`),
          ),
        ]
      }),
    ]
    const create = nft(`add table ${table}`, `create the nft table ${table}`, [
      nft(`delete table ${table}`, `delete the nft table ${table}`),
    ])
    return found || !ops.length ? ops : [create, ...ops]
  },

  // All of the network's, also what an earlier configuration of it made.
  remove({ table, suffix }, observed) {
    const found = observed.tables.get(table)
    if (!found) return []
    const isMine = (name: string) => name.endsWith(suffix)
    const chains = [...found.chains.keys()]
    const sets = [...found.sets.keys()]
    // What all networks share has no network's name, and is nobody's when it is empty.
    const isIdle = (name: string) => !name.includes('/') && !found.sets.get(name)?.length
    if ([...chains, ...sets].every(name => isMine(name) || isIdle(name)))
      return [nft(`delete table ${table}`, `delete the nft table ${table}, which holds nothing else`)]
    return [
      ...chains
        .filter(isMine)
        .map(name => nft(`delete chain ${table} ${name}`, `delete the nft chain ${name}`)),
      ...sets.filter(isMine).map(name => nft(`delete set ${table} ${name}`, `delete the nft set ${name}`)),
    ]
  },

  tool: () => 'nft',
  line: op => op.line,
  words: op => op.words,
  undo: op => [...op.undo],
}

export const nft = (line: string, words: string, undo: readonly RulesetOp[] = []): RulesetOp => ({
  op: 'nft',
  netns: HOST,
  line,
  words,
  undo,
})

const setOrMap = (spec: string) => (spec.includes(' : ') ? 'map' : 'set')

/** A rule's own comment, at most 128 bytes as nft has it: another text is another rule. */
const ruleMark = (network: string, rule: string) => `${network.slice(0, 80)} ${fingerprint(rule)}`
