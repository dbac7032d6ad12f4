/** Rules of the host: our tables, and what others have before them. */

import type { HostPort } from '../plan/kinds/hostport.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { nothing, type ObservedTable } from '../plan/observed.ts'
import { withAbandoned } from './abandoned.ts'
import { type Seen, seeFirewalls } from './firewalls.ts'
import { iptablesTable } from './iptables.ts'
import { nftTable, type Wanted } from './nft.ts'

/**
 * What the plan will be for. Who makes elements looks at their keys; who takes them away, at what has his mark, which
 * takes as long as there are many, or at their keys where he knows that they are all.
 */
export type Purpose = 'ensure' | 'remove' | 'remove known'

export const observeTables = async (desired: readonly Desired[], purpose?: Purpose) => {
  const names = new Set(
    desired.flatMap(one => (one.kind === 'ruleset' || one.kind === 'element' ? [one.table] : [])),
  )
  const wanted = (name: string) => desired.filter(one => 'table' in one && one.table === name)
  const tables = new Map<string, ObservedTable>()
  for (const name of names) {
    const table = await nftTable(name, purpose && wantedOf(desired, name, purpose))
    if (table) tables.set(name, await withAbandoned(table, wanted(name)))
  }
  return tables
}

/** A ruleset goes with all that is in it. */
const wantedOf = (desired: readonly Desired[], table: string, purpose: Purpose): Wanted | undefined => {
  const rulesets = desired.flatMap(one => (one.kind === 'ruleset' && one.table === table ? [one] : []))
  if (purpose !== 'ensure' && rulesets.length) return undefined
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name)
  return {
    chains: rulesets.flatMap(({ chains }) => names(chains)),
    sets: rulesets.flatMap(({ sets }) => names(sets)),
    elements: desired.flatMap(one =>
      one.kind === 'element' && one.table === table
        ? [{ set: one.set, comment: one.comment, key: purpose === 'remove' ? undefined : one.key }]
        : [],
    ),
    // Whoever wants a port of the host looks for it among those of all networks, also where one address is named.
    groups: desired.flatMap(one =>
      one.kind === 'hostport' && one.table === table
        ? [{ name: one.maps.one }, { name: one.maps.all, keys: portKeys(one) }]
        : [],
    ),
  }
}

const portKeys = ({ protocol, port, count }: HostPort) =>
  Array.from({ length: count }, (_, n) => `${protocol} . ${port + n}`)

export const observeIptables = async (desired: readonly Desired[]) => {
  const found = new Map<string, string[]>()
  for (const one of desired)
    if (one.kind === 'iptables' && one.table === 'nat')
      found.set(`${one.command} ${one.table}`, await iptablesTable(one.command, one.table))
  return found
}

/** Who asks for a way through the host is shown whatever stands in it. */
export const observeFirewalls = async (desired: readonly Desired[]): Promise<Seen> =>
  desired.some(one => one.kind === 'zone' || (one.kind === 'iptables' && one.table === 'filter'))
    ? seeFirewalls()
    : { firewalls: nothing.firewalls, filters: new Map() }
