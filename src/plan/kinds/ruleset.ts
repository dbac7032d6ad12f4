/**
 * One network's part of our own nftables table (nft(8)): base chains and sets of its own,
 * so that it comes and goes without anybody else's being touched.
 */

import { fingerprint } from '../fingerprint.ts'
import { HOST, type Netns } from '../netns.ts'
import type { Common, Kind } from './kind.ts'

/** How the name of a chain begins that has no hook, but is where rules of others lead. */
export const BRANCH = 'to-'

/** The comment of what a network has in a set that all networks share. */
export const sharedMark = (suffix: string) => `network${suffix}`

export interface Chain {
  readonly name: string
  /** `type nat hook postrouting priority srcnat; policy accept;`; none of a chain that others lead to. */
  readonly hook?: string
  /** Rules as nft text. */
  readonly rules: readonly string[]
  /** These and no others, in this order: what an earlier configuration had there goes. */
  readonly exact?: boolean
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
      ...chains.flatMap(chain => ensureChain(table, network, chain, found?.chains.get(chain.name))),
    ].map(op => (suffix ? op : { ...op, lasting: true }))
    const create = {
      ...nft(`add table ${table}`, `create the nft table ${table}`, [
        nft(`delete table ${table}`, `delete the nft table ${table}`),
      ]),
      lasting: true,
    }
    // Where rules were replaced, those of before are not known: what they lead to must stay.
    if (ops.some(({ line }) => line.startsWith('flush chain'))) return ops.map(op => ({ ...op, undo: [] }))
    return found || !ops.length ? ops : [create, ...ops]
  },

  // All of the network's, also what an earlier configuration of it made.
  remove({ table, network, suffix }, observed) {
    const found = observed.tables.get(table)
    // What all networks share goes with the last of them.
    if (!found || !suffix) return []
    const isMine = (name: string) => name.endsWith(suffix)
    const chains = [...found.chains.keys()]
    const mine = chains.filter(isMine)
    const sets = [...found.sets.keys()]
    // What all networks share has no network's name, and is nobody's when nobody else has anything in it.
    const isShared = (name: string) => !name.includes('/')
    const own = (name: string) =>
      (found.sets.get(name) ?? []).filter(
        ({ comment }) => comment === sharedMark(suffix) || comment.startsWith(`${network}/`),
      )
    const isIdle = (name: string) =>
      isShared(name) && own(name).length === (found.sets.get(name)?.length ?? 0)
    if ([...chains, ...sets].every(name => isMine(name) || isIdle(name)))
      return [nft(`delete table ${table}`, `delete the nft table ${table}, which holds nothing else`)]
    return [
      ...sets.filter(isShared).flatMap(set => own(set).map(({ key }) => deleteElement({ table, set, key }))),
      // One that others lead to cannot go before those.
      ...[...mine.filter(name => !isBranch(name)), ...mine.filter(isBranch).toReversed()].map(name =>
        nft(`delete chain ${table} ${name}`, `delete the nft chain ${name}`),
      ),
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

/** Takes an element out of a set, written as nft lists it. */
export const deleteElement = ({ table, set, key }: { table: string; set: string; key: string }): RulesetOp =>
  nft(`delete element ${table} ${set} { ${quoted(key)} }`, `take ${key} out of the nft set ${set}`)

/** An interface's name may be neither a word nor a number, as nft reads them: `3veth`, `eth0@a`. */
export const quoted = (key: string) =>
  key
    .split(' . ')
    .map(part => (/^([a-z_][\w./-]*|[\da-fx:./]+)$/i.test(part) ? part : `"${part}"`))
    .join(' . ')

const ensureChain = (
  table: string,
  network: string,
  { name, hook, rules, exact = false }: Chain,
  present: readonly string[] | undefined,
): RulesetOp[] => {
  const marked = rules.map(rule => ({ rule, mark: ruleMark(network, rule) }))
  const create = nft(`add chain ${table} ${name} { ${hook ?? ''} }`, `create the nft chain ${name}`, [
    nft(`delete chain ${table} ${name}`, `delete the nft chain ${name}`),
  ])
  const flush = nft(`flush chain ${table} ${name}`, `take all rules out of the nft chain ${name}`)
  const add = ({ rule, mark }: (typeof marked)[number]) =>
    nft(`add rule ${table} ${name} ${rule} comment "${mark}"`, `add the nft rule: ${rule}`)
  if (!present) return [create, ...marked.map(add)]
  if (!exact) return marked.filter(({ mark }) => !present.includes(mark)).map(add)
  if (present.join() === marked.map(({ mark }) => mark).join()) return []
  return [...(present.length ? [flush] : []), ...marked.map(add)]
}

/** A chain that others lead to. */
const isBranch = (name: string) => name.startsWith(BRANCH)

const setOrMap = (spec: string) => (spec.includes(' : ') ? 'map' : 'set')

/** A rule's own comment, at most 128 bytes as nft has it: another text is another rule. */
const ruleMark = (network: string, rule: string) => `${network.slice(0, 80)} ${fingerprint(rule)}`
