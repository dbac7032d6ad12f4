/** Elements of living containers in sets of ours that somebody flushed: who makes a set anew puts them in again (pain 7). */

import type { Element } from '../plan/kinds/element.ts'
import type { Desired } from '../plan/kinds/index.ts'
import type { Observed } from '../plan/observed.ts'
import { type AttachmentRecord, recordedNetworks, recordsIn } from './records.ts'

/** Records of attachments whose container is still there. */
export const livingRecords = async (networks: readonly string[]): Promise<AttachmentRecord[]> => {
  if (!networks.some(network => recordsIn(network).length)) return []
  const { seeAttachments } = await import('./attachments.ts')
  const seen = (await seeAttachments()).filter(({ owner }) => networks.includes(owner.network))
  return seen.filter(({ life }) => life !== 'gone').flatMap(one => one.records)
}

/**
 * @param desired all that an attachment needs: what is of itself is no loss
 * @returns the others' elements in those of its sets that are not there
 */
export const lostElements = async (
  desired: readonly Desired[],
  { tables }: Observed,
): Promise<readonly Element[]> => {
  const rulesets = desired.filter(one => one.kind === 'ruleset')
  const lost = rulesets.flatMap(({ table, network, sets }) =>
    sets
      .filter(({ name }) => !tables.get(table)?.sets.has(name))
      .map(({ name }) => ({ set: `${table} ${name}`, network: name.includes('/') ? network : undefined })),
  )
  if (!lost.length) return []
  const isShared = lost.some(({ network }) => network === undefined)
  const networks = isShared ? recordedNetworks() : [...new Set(lost.map(({ network }) => network!))]
  const names = new Set(lost.map(({ set }) => set))
  const own = new Set(desired.flatMap(one => (one.kind === 'element' ? [placeOf(one)] : [])))
  return (await livingRecords(networks))
    .flatMap(({ elements = [] }) => elements)
    .filter(one => names.has(`${one.table} ${one.set}`) && !own.has(placeOf(one)))
}

const placeOf = ({ table, set, key }: Element) => `${table} ${set} ${key}`
