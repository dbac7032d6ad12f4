/**
 * One network's part of our own nftables table (nft(8)): base chains and sets of its own,
 * so that it comes and goes without anybody else's being touched.
 */

import { fingerprint } from '../fingerprint.ts'
import { HOST, type Netns } from '../netns.ts'
import type { Common, Kind } from './kind.ts'

export interface Chain {
  readonly name: string
  /** `type nat hook postrouting priority srcnat; policy accept;`; none of a chain that others lead to. */
  readonly hook?: string
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
  /** What it makes is not one network's: others may rely on it by now. */
  readonly lasting?: boolean
}

export const ruleset: Kind<Ruleset, RulesetOp> = {
  ensure({ table, network, suffix, sets, chains }, observed) {
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
        const chain = nft(`add chain ${table} ${name} { ${hook ?? ''} }`, `create the nft chain ${name}`, [
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
    ].map(op => (suffix ? op : { ...op, lasting: true }))
    const create = {
      ...nft(`add table ${table}`, `create the nft table ${table}`, [
        nft(`delete table ${table}`, `delete the nft table ${table}`),
      ]),
      lasting: true,
    }
    return found || !ops.length ? ops : [create, ...ops]
  },

  // All of the network's, also what an earlier configuration of it made.
  remove({ table, network, suffix }, observed) {
    const found = observed.tables.get(table)
    // What all networks share goes with the last of them.
    if (!found || !suffix) return []
    const isMine = (name: string) => name.endsWith(suffix)
    const chains = [...found.chains.keys()]
    const sets = [...found.sets.keys()]
    // What all networks share has no network's name, and is nobody's when nobody else has anything in it.
    const isShared = (name: string) => !name.includes('/')
    const own = (name: string) =>
      (found.sets.get(name) ?? []).filter(({ comment }) => comment.startsWith(`${network}/`))
    const isIdle = (name: string) =>
      isShared(name) && own(name).length === (found.sets.get(name)?.length ?? 0)
    if ([...chains, ...sets].every(name => isMine(name) || isIdle(name)))
      return [nft(`delete table ${table}`, `delete the nft table ${table}, which holds nothing else`)]
    return [
      // A chain that an element leads to cannot go.
      ...sets
        .filter(isShared)
        .flatMap(set =>
          own(set).map(({ key }) =>
            nft(`delete element ${table} ${set} { ${key} }`, `take ${key} out of the nft set ${set}`),
          ),
        ),
      ...chains
        .filter(isMine)
        .map(name => nft(`delete chain ${table} ${name}`, `delete the nft chain ${name}`)),
      ...sets.filter(isMine).map(name => nft(`delete set ${table} ${name}`, `delete the nft set ${name}`)),
    ]
  },

  removedWith: ({ table, suffix }) => `${table} ${suffix}`,

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
