/** What the kernel itself tells of attachments and networks of ours, without any memory of them. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import {
  isOwnerOf,
  isPlugOf,
  nftSuffix,
  type PlugMark,
  readIfbAlias,
  readIptablesJump,
  readNetworkAlias,
  readPlugAlias,
  TABLES,
} from '../networks/marks.ts'
import { sharedMark } from '../plan/kinds/ruleset.ts'
import { HOST } from '../plan/netns.ts'
import type { ObservedElement, ObservedLink } from '../plan/observed.ts'
import { BRIDGES, TABLE } from '../services/isolation.ts'
import { findTool } from './exec.ts'
import { seeFirewalls } from './firewalls.ts'
import { iptablesTable } from './iptables.ts'
import { seeAllLinks, seeLinksLike } from './look.ts'
import { isLocal } from './netlink/routes.ts'
import { nftTable } from './nft.ts'

/** Names of a bridge's ports. */
export const portsOf = async (bridge: string): Promise<string[]> =>
  (await seeLinksLike(HOST, { master: bridge })).map(({ name }) => name)

/** Names of the ports that are not a network's way out of the host: containers, and whatever people plugged in. */
export const guestsOf = async (bridge: string): Promise<string[]> =>
  (await seeLinksLike(HOST, { master: bridge }))
    .filter(({ alias }) => !readNetworkAlias(alias))
    .map(({ name }) => name)

/** Bridges and ways out that say they are a network's. */
export const networkLinks = async (): Promise<{ name: string; type: string; network: string }[]> =>
  (await seeLinksLike(HOST)).flatMap(({ name, type, alias }) => {
    const network = readNetworkAlias(alias)
    return network ? [{ name, type, network }] : []
  })

/** Host ends of veths that say they are this network's, and whose, if their alias was not cut. */
export const plugLinks = async (
  network: string,
): Promise<{ name: string; master: string; mark?: PlugMark }[]> =>
  (await allPlugLinks())
    .filter(({ alias }) => isPlugOf(network, alias))
    .map(({ name, alias, master }) => ({ name, master, mark: readPlugAlias(alias) }))

/** All of the host, with their addresses. */
export const allLinks = (): Promise<ObservedLink[]> => seeAllLinks(HOST)

/** Of whichever network. */
export const allPlugLinks = (): Promise<ObservedLink[]> => seeLinksLike(HOST, { type: 'veth' })

/** Devices through which comes what attachments send: they do not go with the cable. */
export const ifbLinks = async () =>
  (await seeLinksLike(HOST, { type: 'ifb' })).flatMap(({ name, alias }) => {
    const mark = readIfbAlias(alias)
    return mark ? [{ name, ...mark }] : []
  })

/** Those whose cable is gone. */
export const strayIfbs = async () => {
  const found = await ifbLinks()
  const cables = new Set(found.length ? (await allPlugLinks()).map(({ name }) => name) : [])
  return found.filter(({ port }) => !cables.has(port))
}

/** Names of networks that have rules of ours. */
export const networksOfRules = async (withIptables: boolean): Promise<string[]> => {
  const tables = (await findTool('nft')) ? await Promise.all(TABLES.map(table => nftTable(table))) : []
  const names = tables.flatMap(table => [...(table?.chains.keys() ?? []), ...(table?.sets.keys() ?? [])])
  const lines = withIptables
    ? (await Promise.all((['iptables', 'ip6tables'] as const).map(one => iptablesTable(one, 'nat')))).flat()
    : []
  const filters = withIptables ? [...(await seeFirewalls()).filters.values()].flat() : []
  const jumps = [...lines, ...filters].flatMap(line => readIptablesJump(line) ?? [])
  return [
    ...new Set([
      ...names.filter(name => name.includes('/')).map(name => name.slice(name.indexOf('/') + 1)),
      ...jumps,
    ]),
  ]
}

/** Elements in our nft sets that are this network's attachments': in its own sets, and in those that networks share. */
export const plugElements = async (network: string) => {
  const elements: (ObservedElement & { table: string; set: string })[] = []
  for (const table of (await findTool('nft')) ? TABLES : [])
    for (const [set, found] of (await nftTable(table))?.sets ?? []) {
      const mine = set.endsWith(nftSuffix(network))
        ? found
        : found.filter(({ comment }) => isOwnerOf(network, comment))
      elements.push(...mine.map(one => ({ table, set, ...one })))
    }
  return elements
}

/** Bridges of other plugins that this network's ingressPolicy is about. */
export const secludedBridges = async (network: string): Promise<string[]> => {
  const table = (await findTool('nft')) ? await nftTable(TABLE) : undefined
  const mark = sharedMark(nftSuffix(network))
  return (table?.sets.get(BRIDGES) ?? []).filter(({ comment }) => comment === mark).map(({ key }) => key)
}

/** Whether anybody has something in the sets and maps that all networks share. @param own comments that do not count */
export const hasSharedElements = async (own: ReadonlySet<string>): Promise<boolean> => {
  const tables = (await findTool('nft')) ? await Promise.all(TABLES.map(table => nftTable(table))) : []
  return tables.some(table =>
    [...(table?.sets ?? [])].some(
      ([name, found]) => !name.includes('/') && found.some(({ comment }) => !own.has(comment)),
    ),
  )
}

/** Inode numbers of the network namespaces that a process or a mount keeps alive, as far as can be seen from here. */
export const liveNamespaces = async (): Promise<ReadonlySet<number>> => {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
  const mounted = [...mounts.matchAll(/ net:\[(\d+)\] /g)].map(([, inode]) => Number(inode))
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  const held = pids.flatMap(pid => /^net:\[(\d+)\]$/.exec(linkAt(`/proc/${pid}/ns/net`))?.[1] ?? [])
  return new Set([...mounted, ...held.map(Number)])
}

/** Empty if it is gone, or not ours to see. */
const linkAt = (path: string) => {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** Whether the host itself has an address (without prefix length). */
export const isHostAddress = async (address: string): Promise<boolean> =>
  (await isLocal(HOST, address)) ??
  (await allLinks()).some(({ addresses }) => addresses.some(one => one.address.split('/')[0] === address))
