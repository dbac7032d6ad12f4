/**
 * The host's own firewalls, as far as what goes through it must pass them. Looked for where looking is cheap, and read
 * only where there is something: a host without any costs one list of tables.
 */

import type { IptablesCommand } from '../plan/kinds/iptables.ts'
import type { ObservedBarrier, ObservedFirewalls } from '../plan/observed.ts'
import { findTool } from './exec.ts'
import { FIREWALLD, firewalldZones } from './firewalld.ts'
import { iptablesTable } from './iptables.ts'
import { nftBaseChains, nftRules, nftTables } from './nft.ts'
import { contentOf } from './procfs.ts'

export interface Seen {
  readonly firewalls: ObservedFirewalls
  /** The lines of the filter tables that exist, by `iptables-nft filter` … */
  readonly filters: ReadonlyMap<string, readonly string[]>
}

export const seeFirewalls = async (): Promise<Seen> => {
  const tables = (await findTool('nft')) ? await nftTables() : []
  const legacy = legacyTables()
  const filters = new Map<string, readonly string[]>()
  for (const [command, isThere] of [
    ['iptables-nft', tables.includes('ip filter')],
    ['ip6tables-nft', tables.includes('ip6 filter')],
    ['iptables-legacy', legacy['iptables-legacy'].includes('filter')],
    ['ip6tables-legacy', legacy['ip6tables-legacy'].includes('filter')],
  ] as const)
    if (isThere && (await findTool(`${command}-save`)))
      filters.set(`${command} filter`, await iptablesTable(command, 'filter'))
  return {
    filters,
    firewalls: {
      barriers: await barriersOf(tables, filters),
      ...(tables.includes(FIREWALLD) ? { zones: await firewalldZones() } : {}),
      mixed: tables.some(isOfIptables) && (await holdRules(legacy)),
    },
  }
}

/** Tables of nft that iptables over nftables makes. */
const isOfIptables = (table: string) => /^ip6? (filter|nat|mangle|raw|security)$/.test(table)

/** Tables of the older iptables that are in use here: asked by name it would load a module to have one. */
const legacyTables = () => {
  const names = (file: string) => contentOf(`/proc/net/${file}`).split('\n').filter(Boolean)
  return { 'iptables-legacy': names('ip_tables_names'), 'ip6tables-legacy': names('ip6_tables_names') }
}

/** Both kinds have some: either command shows its own alone. */
const holdRules = async (legacy: ReturnType<typeof legacyTables>) => {
  const holds = async (command: IptablesCommand) =>
    (await findTool(`${command}-save`)) !== undefined &&
    (await iptablesTable(command)).some(line => line.startsWith('-A '))
  const used = (['iptables-legacy', 'ip6tables-legacy'] as const).filter(command => legacy[command].length)
  for (const command of used)
    if (await holds(command)) return (await holds('iptables-nft')) || holds('ip6tables-nft')
  return false
}

/** Others' chains at the forward hook; firewalld's has zones, and those of iptables are read as such. */
const barriersOf = async (
  tables: readonly string[],
  filters: Seen['filters'],
): Promise<ObservedBarrier[]> => {
  const isOurs = (table: string) => table === FIREWALLD || table.endsWith(' vethwork')
  // A table of that name which iptables did not make it does not show.
  const isShown = (table: string) =>
    isOfIptables(table) &&
    (!table.endsWith(' filter') || filters.get(`${table.replace(/ .*/, 'tables')}-nft filter`)?.length)
  const foreign = tables.filter(table => /^(ip|ip6|inet) /.test(table) && !isOurs(table) && !isShown(table))
  const families = [...new Set(foreign.map(table => table.split(' ')[0]!))]
  const chains = (await Promise.all(families.map(family => nftBaseChains(family, 'forward')))).flat()
  const barriers: ObservedBarrier[] = []
  for (const one of chains.filter(({ table }) => foreign.includes(table)))
    barriers.push({ ...one, rules: await nftRules(one.table, one.chain) })
  return barriers
}
