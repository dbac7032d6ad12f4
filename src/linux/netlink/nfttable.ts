/** One nft table as it is, without its elements, and the generation of all rules: nft(8) takes milliseconds for it. */

import {
  chain,
  generation,
  NFPROTO,
  NFT_MSG_GETCHAIN,
  NFT_MSG_GETGEN,
  NFT_MSG_GETRULE,
  NFT_MSG_GETSET,
  NFT_MSG_GETTABLE,
  NFT_SET_ANONYMOUS,
  NFT_SET_TIMEOUT,
  rule,
  set,
  table,
} from './headers/nf_tables.ts'
import { request } from './message.ts'
import { decodeComment } from './nftdata.ts'
import { ifThere, placeOf } from './nftplace.ts'
import type { Netlink } from './socket.ts'

/** A number that rises with every transaction on the ruleset of a network namespace, whoever makes it. */
export const generationOf = (netlink: Netlink): number => {
  const body = netlink.get(request(NFT_MSG_GETGEN, generation, {}))
  return generation.decode(body).NFTA_GEN_ID ?? 0
}

/** Families and names of all tables of the namespace, `inet vethwork`. */
export const tableNames = (netlink: Netlink): string[] =>
  netlink
    .dump(request(NFT_MSG_GETTABLE, table, {}))
    .map(table.decode)
    .flatMap(({ nfgen_family, NFTA_TABLE_NAME: name }) => {
      const family = Object.keys(NFPROTO).find(one => NFPROTO[one] === nfgen_family)
      return family && name ? [`${family} ${name}`] : []
    })

/** A table without its elements. */
export interface Listing {
  /** Comments of the rules, by chain; empty for a rule without one. */
  readonly chains: ReadonlyMap<string, readonly string[]>
  readonly sets: readonly string[]
  /** Those whose elements the kernel writes by itself and forgets with time; known where all was looked at. */
  readonly fleeting: ReadonlySet<string>
}

/** Names of what is to be looked at. */
export interface Part {
  readonly chains: readonly string[]
  readonly sets: readonly string[]
}

/**
 * @param name family and name, `inet vethwork`
 * @param part what is not named in it is left out, whatever else is in the table; all without it
 * @returns undefined if there is no such table
 */
export const listTable = (netlink: Netlink, name: string, part?: Part): Listing | undefined => {
  const place = placeOf(name)
  const { nfgen_family, table: own } = place
  const found = ifThere(() =>
    netlink.get(request(NFT_MSG_GETTABLE, table, { nfgen_family, NFTA_TABLE_NAME: own })),
  )
  if (!found) return undefined
  const chains = new Map(
    (part ? part.chains.filter(one => hasChain(netlink, place, one)) : allChains(netlink, place)).map(one => [
      one,
      [] as string[],
    ]),
  )
  const rules = part
    ? [...chains.keys()].flatMap(one => rulesOf(netlink, place, one))
    : rulesOf(netlink, place)
  for (const { NFTA_RULE_CHAIN: within = '', NFTA_RULE_USERDATA: said } of rules)
    chains.get(within)?.push(said ? decodeComment(said) : '')
  if (part) return { chains, sets: part.sets.filter(one => hasSet(netlink, place, one)), fleeting: new Set() }
  const sets = allSets(netlink, place)
  const isFleeting = ({ flags }: { flags: number }) => (flags & NFT_SET_TIMEOUT) !== 0
  return {
    chains,
    sets: sets.map(({ name }) => name),
    fleeting: new Set(sets.filter(isFleeting).map(({ name }) => name)),
  }
}

/** Names of all sets and maps of a table. */
export const setNames = (netlink: Netlink, name: string): string[] =>
  allSets(netlink, placeOf(name)).map(({ name }) => name)

type Place = ReturnType<typeof placeOf>

const hasChain = (netlink: Netlink, { nfgen_family, table }: Place, name: string): boolean => {
  const named = { nfgen_family, NFTA_CHAIN_TABLE: table, NFTA_CHAIN_NAME: name }
  return ifThere(() => netlink.get(request(NFT_MSG_GETCHAIN, chain, named))) !== undefined
}

const hasSet = (netlink: Netlink, { nfgen_family, table }: Place, name: string): boolean => {
  const named = { nfgen_family, NFTA_SET_TABLE: table, NFTA_SET_NAME: name }
  return ifThere(() => netlink.get(request(NFT_MSG_GETSET, set, named))) !== undefined
}

/** The kernel tells the chains of all tables of the family. */
const allChains = (netlink: Netlink, { nfgen_family, table }: Place): string[] =>
  netlink
    .dump(request(NFT_MSG_GETCHAIN, chain, { nfgen_family }))
    .map(chain.decode)
    .flatMap(({ NFTA_CHAIN_TABLE: of, NFTA_CHAIN_NAME: name }) => (of === table && name ? [name] : []))

/** In their order. */
const rulesOf = (netlink: Netlink, { nfgen_family, table }: Place, of?: string) =>
  netlink
    .dump(request(NFT_MSG_GETRULE, rule, { nfgen_family, NFTA_RULE_TABLE: table, NFTA_RULE_CHAIN: of }))
    .map(rule.decode)
    .filter(one => one.NFTA_RULE_TABLE === table)

/** Those with names: others stand in the text of rules. */
const allSets = (netlink: Netlink, { nfgen_family, table }: Place): { name: string; flags: number }[] =>
  netlink
    .dump(request(NFT_MSG_GETSET, set, { nfgen_family, NFTA_SET_TABLE: table }))
    .map(set.decode)
    .flatMap(({ NFTA_SET_TABLE: of, NFTA_SET_NAME: name, NFTA_SET_FLAGS: flags = 0 }) =>
      of === table && name && !(flags & NFT_SET_ANONYMOUS) ? [{ name, flags }] : [],
    )
