/** nft(8): a batch is one transaction; all of it happens, or nothing. */

import { HOST } from '../plan/netns.ts'
import type { NftStatement, ObservedElement, ObservedTable } from '../plan/observed.ts'
import { CommandError } from './commanderror.ts'
import { run } from './exec.ts'
import { NetlinkError } from './netlink/errno.ts'
import { changeElements, ElementFailure, elementsOf, UnknownForm } from './netlink/nftelements.ts'
import { readElementLines } from './netlink/nftlines.ts'
import { listTable, setNames, tableNames } from './netlink/nfttable.ts'
import { type Netlink, netlink } from './netlink/socket.ts'

/** @returns stderr, empty when the transaction was committed */
export const nftTransaction = async (lines: readonly string[]): Promise<string> =>
  (await elementTransaction(lines)) ?? nftProgram(lines)

const nftProgram = async (lines: readonly string[]): Promise<string> => {
  const { exitCode, stderr } = await run('nft', ['-f', '-'], { input: `${lines.join('\n')}\n` })
  return exitCode === 0 ? '' : stderr || `nft ended with ${exitCode}`
}

/** @returns undefined if it is nft's business */
const elementTransaction = async (lines: readonly string[]): Promise<string | undefined> => {
  const changes = readElementLines(lines)
  const socket = changes && (await netlink(HOST, 'netfilter'))
  if (!socket) return undefined
  try {
    changeElements(socket, changes)
    return ''
  } catch (error) {
    // As nft says it.
    if (error instanceof ElementFailure)
      return `/dev/stdin:${error.index + 1}: Error: Could not process rule: ${error.message}`
    if (error instanceof NetlinkError) return error.message
    if (isUnknown(error)) return undefined
    throw error
  }
}

/** What nft knows and we do not. */
const isUnknown = (error: unknown) => error instanceof UnknownForm || error instanceof TypeError

/** What is to be looked at of a table. */
export interface Wanted {
  /** Names of chains. */
  readonly chains: readonly string[]
  /** Names of sets, of which no element matters. */
  readonly sets: readonly string[]
  /** Of a set the element with the key, or else whatever has the comment. */
  readonly elements: readonly { readonly set: string; readonly key?: string; readonly comment: string }[]
  /** Of the sets of all networks that have this name, `ports4` and `ports4/web`: elements with these keys, or all. */
  readonly groups?: readonly { readonly name: string; readonly keys?: readonly string[] }[]
}

/**
 * One table as it is, or undefined if there is none.
 * @param table family and name, `inet vethwork`
 * @param wanted nothing else need be looked at: there may be thousands of networks, and of elements; all without it
 */
export const nftTable = async (table: string, wanted?: Wanted): Promise<ObservedTable | undefined> => {
  const socket = await netlink(HOST, 'netfilter')
  return socket ? seenBy(socket, table, wanted) : listed(table)
}

const seenBy = async (
  socket: Netlink,
  table: string,
  wanted?: Wanted,
): Promise<ObservedTable | undefined> => {
  try {
    const ofElements = wanted?.elements.map(({ set }) => set) ?? []
    const part = wanted && { ...wanted, sets: [...new Set([...wanted.sets, ...ofElements])] }
    const found = listTable(socket, table, part)
    if (!found) return undefined
    if (!wanted) {
      // What the kernel writes by itself and forgets with time is nobody's.
      const elements = (set: string) => (found.fleeting.has(set) ? [] : elementsOf(socket, table, set))
      return { chains: found.chains, sets: new Map(found.sets.map(set => [set, elements(set)])) }
    }
    const sets = new Map(found.sets.map(set => [set, [] as ObservedElement[]]))
    for (const [set, found] of sets) {
      const asked = wanted.elements.filter(one => one.set === set)
      const keys = new Set(asked.flatMap(({ key }) => key ?? []))
      if (keys.size) found.push(...elementsOf(socket, table, set, { keys: [...keys] }))
      // All of the set is read.
      const comments = new Set(asked.flatMap(({ key, comment }) => (key === undefined ? comment : [])))
      for (const comment of comments) found.push(...elementsOf(socket, table, set, { comment }))
    }
    const all = wanted.groups?.length ? setNames(socket, table) : []
    for (const { name, keys } of wanted.groups ?? [])
      for (const set of all.filter(one => one === name || one.startsWith(`${name}/`)))
        sets.set(set, [...(sets.get(set) ?? []), ...elementsOf(socket, table, set, keys && { keys })])
    return { chains: found.chains, sets: new Map([...sets].map(([set, list]) => [set, once(list)])) }
  } catch (error) {
    if (isUnknown(error)) return listed(table)
    if (!(error instanceof NetlinkError)) throw error
    throw new CommandError('nft', `list table ${table}`, error.message, 'look at our nft rules')
  }
}

/** Each key once, though it may have been asked for twice. */
const once = (elements: readonly ObservedElement[]) => [
  ...new Map(elements.map(one => [one.key, one])).values(),
]

const listed = async (table: string): Promise<ObservedTable | undefined> => {
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
export const nftTables = async (): Promise<string[]> => {
  const socket = await netlink(HOST, 'netfilter')
  if (!socket) return listedTables()
  try {
    return tableNames(socket)
  } catch (error) {
    if (!(error instanceof NetlinkError)) throw error
    throw new CommandError('nft', 'list tables', error.message, "look at the host's nft rules")
  }
}

const listedTables = async (): Promise<string[]> =>
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
