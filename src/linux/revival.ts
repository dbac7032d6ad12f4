/** Elements of living containers in sets of ours that somebody flushed: who makes a set anew puts them in again (pain 7). */

import type { Element } from '../plan/kinds/element.ts'
import type { Desired } from '../plan/kinds/index.ts'
import type { Observed, ObservedLink } from '../plan/observed.ts'
import { allPlugLinks, liveNamespaces } from './evidence.ts'
import { netnsInodeIfThere } from './netns.ts'
import { type AttachmentRecord, recordedNetworks, recordsIn } from './records.ts'

/**
 * Records of attachments whose container is still there. The kernel gives the number of a namespace that is gone to a
 * new one: where its path leads elsewhere, its cable must be there, too.
 */
export const livingRecords = async (networks: readonly string[]): Promise<AttachmentRecord[]> => {
  let others: Promise<readonly [ReadonlySet<number>, readonly ObservedLink[]]> | undefined
  const isAlive = async ({ netns, endpoint: { port } }: AttachmentRecord) => {
    if (!netns) return false
    if ((await netnsInodeIfThere(netns.path)) === netns.inode) return true
    others ??= Promise.all([liveNamespaces(), allPlugLinks()])
    const [living, cables] = await others
    return living.has(netns.inode) && (!port || cables.some(({ name }) => name === port))
  }
  const living: AttachmentRecord[] = []
  for (const record of networks.flatMap(recordsIn)) if (await isAlive(record)) living.push(record)
  return living
}

/** Sets of these rules that are not there: nobody made them yet, or somebody flushed our rules. */
const missingSets = (desired: readonly Desired[], { tables }: Observed) =>
  desired.flatMap(one =>
    one.kind === 'ruleset'
      ? one.sets
          .filter(({ name }) => !tables.get(one.table)?.sets.has(name))
          .map(({ name }) => ({
            set: `${one.table} ${name}`,
            network: name.includes('/') ? one.network : undefined,
          }))
      : [],
  )

/** Whether chains of these rules are not there. */
export const lacksRules = (desired: readonly Desired[], { tables }: Observed) =>
  desired.some(
    one => one.kind === 'ruleset' && one.chains.some(({ name }) => !tables.get(one.table)?.chains.has(name)),
  )

/**
 * @param desired all that an attachment needs: what is of itself is no loss
 * @returns the others' elements in those of its sets that are not there
 */
export const lostElements = async (
  desired: readonly Desired[],
  observed: Observed,
): Promise<readonly Element[]> => {
  const lost = missingSets(desired, observed)
  if (!lost.length) return []
  const isShared = lost.some(({ network }) => network === undefined)
  const networks = isShared ? recordedNetworks() : [...new Set(lost.map(({ network }) => network!))]
  const names = new Set(lost.map(({ set }) => set))
  // Where it leads to a chain that nobody has made anew yet, as another network's, it has to wait.
  const chains = new Set(
    desired.flatMap(one =>
      one.kind === 'ruleset' ? one.chains.map(({ name }) => `${one.table} ${name}`) : [],
    ),
  )
  const isLed = ({ table, value = '' }: Element) => {
    const chain = /^(?:goto|jump) (.+)$/.exec(value)?.[1]
    return chain === undefined || chains.has(`${table} ${chain}`)
  }
  const own = new Set(desired.flatMap(one => (one.kind === 'element' ? [placeOf(one)] : [])))
  return (await livingRecords(networks))
    .flatMap(({ elements = [] }) => elements)
    .filter(one => names.has(`${one.table} ${one.set}`) && !own.has(placeOf(one)) && isLed(one))
}

const placeOf = ({ table, set, key }: Element) => `${table} ${set} ${key}`
