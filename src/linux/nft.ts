/** nft(8): a batch is one transaction; all of it happens, or nothing. */

import { HOST } from '../plan/netns.ts'
import type { ObservedElement, ObservedTable } from '../plan/observed.ts'
import { CommandError } from './commanderror.ts'
import { run } from './exec.ts'
import { NetlinkError } from './netlink/errno.ts'
import { changeElements, ElementFailure, elementsOf, UnknownForm } from './netlink/nftelements.ts'
import { readElementLines } from './netlink/nftlines.ts'
import { listTable } from './netlink/nfttable.ts'
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
    if (error instanceof ElementFailure) return `/dev/stdin:${error.index + 1}: Error: ${error.message}`
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
    const sets = wanted?.elements.map(({ set }) => set) ?? []
    const part = wanted && { ...wanted, sets: [...new Set([...wanted.sets, ...sets])] }
    const found = listTable(socket, table, part)
    if (!found) return undefined
    const elements = (set: string) =>
      wanted
        ? wanted.elements
            .filter(one => one.set === set)
            .flatMap(({ key, comment }) =>
              elementsOf(socket, table, set, key === undefined ? { comment } : { keys: [key] }),
            )
        : elementsOf(socket, table, set)
    return { chains: found.chains, sets: new Map(found.sets.map(set => [set, elements(set)])) }
  } catch (error) {
    if (isUnknown(error)) return listed(table)
    if (!(error instanceof NetlinkError)) throw error
    throw new CommandError('nft', `list table ${table}`, error.message, 'look at our nft rules')
  }
}

const listed = async (table: string): Promise<ObservedTable | undefined> => {
  const { exitCode, stdout, stderr } = await run('nft', ['-j', 'list', 'table', ...table.split(' ')])
  if (exitCode === 0) return tableOf(JSON.parse(stdout).nftables)
  if (/No such file or directory/.test(stderr)) return undefined
  throw new CommandError('nft', `list table ${table}`, stderr, 'look at our nft rules')
}

type Listed = { chain?: Named; set?: NamedSet; rule?: { chain: string; comment?: string } }
type Named = { name: string }
type NamedSet = Named & { elem?: (Value | { elem: { val: Value; comment?: string } })[] }
type Value = string | { concat: string[] }

const tableOf = (listed: readonly Listed[]): ObservedTable => {
  const chains = new Map<string, string[]>()
  const sets = new Map<string, ObservedElement[]>()
  for (const { chain, set, rule } of listed) {
    if (chain) chains.set(chain.name, [])
    if (set) sets.set(set.name, (set.elem ?? []).map(elementOf))
    if (rule) chains.get(rule.chain)?.push(rule.comment ?? '')
  }
  return { chains, sets }
}

const elementOf = (elem: NonNullable<NamedSet['elem']>[number]): ObservedElement => {
  const [value, comment] =
    typeof elem === 'object' && 'elem' in elem ? [elem.elem.val, elem.elem.comment] : [elem, '']
  return { key: typeof value === 'string' ? value : value.concat.join(' . '), comment: comment ?? '' }
}
