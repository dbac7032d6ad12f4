/** From one look to the next: what happened, and to whom. Pure; time is given. */

import type { Fact, Sight } from './sight.ts'

export interface Event {
  /** ISO 8601, UTC. */
  readonly time: string
  readonly event: 'ADD' | 'DEL' | 'STATE' | 'MADE' | 'REMOVED' | 'CHANGED'
  readonly network?: string
  readonly containerId?: string
  readonly ifname?: string
  readonly addresses?: readonly string[]
  /** What it is about, if not an attachment. */
  readonly what?: string
  readonly from?: string
  readonly to?: string
  /** Somebody else did it: `vethwork repair` undoes it. */
  readonly byOthers?: true
}

/** What was told so far, and what is different from that since when. */
export interface Watched {
  readonly told: Sight
  readonly unsettled: ReadonlyMap<string, { readonly value: string | undefined; readonly at: number }>
}

/** ADD and DEL do many things one after the other: only what stays so long is told, in milliseconds. */
export const GRACE = 400

export const begin = (sight: Sight): Watched => ({ told: sight, unsettled: new Map() })

/** @param now milliseconds since 1970 */
export const watchOn = (
  { told, unsettled }: Watched,
  sight: Sight,
  now: number,
): { watched: Watched; events: Event[] } => {
  const next = new Map(told)
  const still = new Map<string, { value: string | undefined; at: number }>()
  const events: Event[] = []
  for (const key of new Set([...told.keys(), ...sight.keys()])) {
    const [before, after] = [told.get(key), sight.get(key)]
    if (before?.value === after?.value) continue
    const pending = unsettled.get(key)
    const at = pending && pending.value === after?.value ? pending.at : now
    if (now - at < GRACE && !isAtOnce(before, after)) {
      still.set(key, { value: after?.value, at })
      continue
    }
    if (after) next.set(key, after)
    else next.delete(key)
    events.push(...eventOf(before, after, sight, now))
  }
  return { watched: { told: next, unsettled: still }, events }
}

/** An attachment that is whole, and one of which nothing is left. */
const isAtOnce = (before: Fact | undefined, after: Fact | undefined) =>
  (!before && after?.kind === 'attachment' && after.value === 'alive') ||
  (!after && before?.kind === 'attachment')

const eventOf = (before: Fact | undefined, after: Fact | undefined, sight: Sight, now: number): Event[] => {
  const fact = after ?? before!
  const { kind, network, what, owner } = fact
  const time = new Date(now).toISOString()
  const from = before?.value
  const to = after?.value
  if (kind === 'attachment' && owner) {
    const { containerId, ifname } = owner.owner
    const who = { network, containerId, ifname, addresses: owner.addresses }
    if (!before) return [{ time, event: 'ADD', ...who, ...(to === 'alive' ? {} : { to }) }]
    if (!after) return [{ time, event: 'DEL', ...who }]
    return [{ time, event: 'STATE', ...who, from, to }]
  }
  // Beside what it belongs to it says nothing of its own.
  if ((kind === 'property' || kind === 'host') && !(before && after)) return []
  if (kind === 'element' && (!before || after || !isAttached(before, sight))) return []
  const isUsed = [...sight.values()].some(one => one.kind === 'attachment' && one.network === network)
  const byOthers = before && isUsed && kind !== 'host' ? ({ byOthers: true } as const) : {}
  const common = { time, ...(network === undefined ? {} : { network }), what }
  if (!before) return [{ ...common, event: 'MADE' }]
  if (!after) return [{ ...common, event: 'REMOVED', ...byOthers }]
  const values = kind === 'chain' ? rulesOf(from, to) : { from, to }
  return [{ ...common, event: 'CHANGED', ...values, ...byOthers }]
}

const isAttached = ({ owner }: Fact, sight: Sight) =>
  owner !== undefined &&
  [...sight.values()].some(
    one => one.kind === 'attachment' && one.owner?.owner.containerId === owner.owner.containerId,
  )

/** How many, not which. */
const rulesOf = (from = '', to = '') => ({ from: from.split(':')[0], to: to.split(':')[0] })
