/** nft(8): a batch is one transaction; all of it happens, or nothing. */

import type { NftStatement, ObservedElement, ObservedTable } from '../plan/observed.ts'
import { CommandError } from './commanderror.ts'
import { run } from './exec.ts'

/** @returns stderr, empty when the transaction was committed */
export const nftTransaction = async (lines: readonly string[]): Promise<string> => {
  const { exitCode, stderr } = await run('nft', ['-f', '-'], { input: `${lines.join('\n')}\n` })
  return exitCode === 0 ? '' : stderr || `nft ended with ${exitCode}`
}

/** One table as it is, or undefined if there is none. `table`: family and name, `inet vethwork`. */
export const nftTable = async (table: string): Promise<ObservedTable | undefined> => {
  const { exitCode, stdout, stderr } = await run('nft', ['-j', 'list', 'table', ...table.split(' ')])
  if (exitCode === 0) return tableOf(JSON.parse(stdout).nftables)
  if (/No such file or directory/.test(stderr)) return undefined
  throw new CommandError('nft', `list table ${table}`, stderr, 'look at our nft rules')
}

type Listed = { chain?: Named; set?: NamedSet; map?: NamedSet; rule?: { chain: string; comment?: string } }
type Named = { name: string }
type NamedSet = Named & { flags?: string | readonly string[]; elem?: (Entry | [Entry, Value])[] }
/** A key, or a key with a comment. */
type Entry = Value | { elem: { val: Value; comment?: string } }
type Value =
  | string
  | number
  | { concat: (string | number)[] }
  | { goto: { target: string } }
  | { jump: { target: string } }

const tableOf = (listed: readonly Listed[]): ObservedTable => {
  const chains = new Map<string, string[]>()
  const sets = new Map<string, ObservedElement[]>()
  for (const { chain, set, map, rule } of listed) {
    if (chain) chains.set(chain.name, [])
    // What the kernel writes by itself and forgets with time is nobody's.
    if (set) sets.set(set.name, set.flags?.includes('timeout') ? [] : (set.elem ?? []).map(elementOf))
    if (map) sets.set(map.name, (map.elem ?? []).map(elementOf))
    if (rule) chains.get(rule.chain)?.push(rule.comment ?? '')
  }
  return { chains, sets }
}

const elementOf = (elem: Entry | [Entry, Value]): ObservedElement => {
  const [entry, value] = Array.isArray(elem) ? elem : [elem, undefined]
  const { val, comment = '' } = typeof entry === 'object' && 'elem' in entry ? entry.elem : { val: entry }
  return { key: textOf(val), comment, ...(value === undefined ? {} : { value: textOf(value) }) }
}

const textOf = (value: Value): string => {
  if (typeof value !== 'object') return String(value)
  if ('concat' in value) return value.concat.join(' . ')
  return 'goto' in value ? `goto ${value.goto.target}` : `jump ${value.jump.target}`
}

/** Families and names of all tables. */
export const nftTables = async (): Promise<string[]> =>
  (await list(['tables'])).flatMap(({ table }) => (table ? [`${table.family} ${table.name}`] : []))

export interface BaseChain {
  /** Family and name: `inet filter`. */
  readonly table: string
  readonly chain: string
  readonly policy: string
}

/** Base chains at a hook, of all tables of a family. */
export const nftBaseChains = async (family: string, hook: string): Promise<BaseChain[]> =>
  (await list(['chains', family])).flatMap(({ chain }) =>
    chain?.hook === hook
      ? [{ table: `${chain.family} ${chain.table}`, chain: chain.name, policy: chain.policy ?? 'accept' }]
      : [],
  )

/** The rules of a chain as statements (libnftables-json(5)). */
export const nftRules = async (table: string, chain: string): Promise<NftStatement[][]> =>
  (await list(['chain', ...table.split(' '), chain])).flatMap(({ rule }) => (rule ? [rule.expr] : []))

interface AnyListed {
  readonly table?: { readonly family: string; readonly name: string }
  readonly chain?: {
    readonly family: string
    readonly table: string
    readonly name: string
    readonly hook?: string
    readonly policy?: string
  }
  readonly rule?: { readonly expr: NftStatement[] }
}

/** What is not there is an empty list. */
const list = async (what: readonly string[]): Promise<readonly AnyListed[]> => {
  const { exitCode, stdout, stderr } = await run('nft', ['-j', 'list', ...what])
  if (exitCode === 0) return stdout.trim() ? JSON.parse(stdout).nftables : []
  if (/No such file or directory/.test(stderr)) return []
  throw new CommandError('nft', `list ${what.join(' ')}`, stderr, "look at the host's nft rules")
}
