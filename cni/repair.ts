/** repair: what ADD made and is not there any more is made again, for attachments that are remembered and live. */

import type { Owner } from '../ipam/lease.ts'
import { ensure } from '../src/linux/machine.ts'
import { observe } from '../src/linux/observe.ts'
import type { AttachmentRecord } from '../src/linux/records.ts'
import { type Tell, toNobody } from '../src/linux/tell.ts'
import { type Explained, explain } from '../src/plan/explain.ts'
import type { Desired } from '../src/plan/kinds/index.ts'
import { HOST, type Netns } from '../src/plan/netns.ts'
import { at, type Observed } from '../src/plan/observed.ts'
import { type Obstacle, plan, planAround, type Step } from '../src/plan/plan.ts'
import { describeAgain, netnsOf, settlingOnce } from './again.ts'
import { withoutLater } from './later.ts'

export interface Repaired {
  readonly owner: Owner
  readonly plugin: string
  /** What was, or is to be, done. */
  readonly steps: readonly Explained[]
  /** What is different, and was left as it is. */
  readonly left: readonly string[]
}

/** What one attachment should have, and what of it is not so. */
export interface Looked {
  readonly record: AttachmentRecord
  readonly described: readonly Desired[]
  readonly observed: Observed
  readonly steps: readonly Step[]
  readonly obstacles: readonly Obstacle[]
  readonly left: readonly string[]
}

/** It could not be looked at. */
export interface Unseen {
  readonly record: AttachmentRecord
  readonly failure: unknown
  /** What it should have, where that is known. */
  readonly wanted?: readonly Desired[]
}

/**
 * Looks at many at once: the host once for all of them, then each container's namespace.
 * Those whose namespace is gone are left out: they are for gc.
 */
export const lookAt = async (
  records: readonly AttachmentRecord[],
  tell: Tell = toNobody,
): Promise<(Looked | Unseen)[]> => {
  const settling = settlingOnce()
  const found: ({ record: AttachmentRecord; described: readonly Desired[] } | Unseen)[] = []
  for (const [n, record] of records.entries()) {
    tell(n, records.length, record.owner.containerId)
    if (!(await netnsOf(record))) continue
    try {
      const { owner, plugin } = record
      // What later plugins of ours have changed of it is theirs.
      found.push({ record, described: withoutLater(await describeAgain(record, settling), owner, plugin) })
    } catch (failure) {
      found.push({ record, failure })
    }
  }
  const all = found.flatMap(one => ('described' in one ? one.described : []))
  // One that vanishes meanwhile must not hide the others: then each by itself.
  const together = await observe(all).catch(() => undefined)
  const looked: (Looked | Unseen)[] = []
  for (const one of found) {
    try {
      looked.push(
        'failure' in one
          ? one
          : compared(one.record, one.described, together ?? (await observe(one.described))),
      )
    } catch (failure) {
      looked.push({ record: one.record, failure, wanted: 'described' in one ? one.described : undefined })
    }
  }
  return looked
}

const compared = (record: AttachmentRecord, described: readonly Desired[], observed: Observed): Looked => ({
  record,
  described,
  observed,
  ...planAround(described.map(sparing(observed)), observed),
  left: described.flatMap(differences(observed)),
})

/** @throws CniError for what is in the way */
export const repair = async ({ record, described, observed, left, obstacles }: Looked): Promise<Repaired> => {
  if (obstacles[0]) throw obstacles[0].error
  const { owner, plugin } = record
  const desired = described.map(sparing(observed))
  const steps = plan(desired, observed)
  if (!steps.length) return { owner, plugin, steps: [], left }
  await ensure(desired, () => {})
  // What was set on an interface went with it, and was seen before it was made anew.
  const more = plan(desired, await observe(desired))
  if (more.length) await ensure(desired, () => {})
  return { owner, plugin, steps: explain([...steps, ...more]), left }
}

/**
 * MAC address and MTU of a container's interface that is there stay as they are: plugins that came later in
 * its chain (tuning) may have set them, and only the runtime knows; CHECK tells.
 */
const sparing =
  (observed: Observed) =>
  (one: Desired): Desired => {
    if (one.kind !== 'link') return one
    const bare = <T extends { netns: Netns; name: string; settings: object }>(end: T): T =>
      end.netns !== HOST && observed.links.has(at(end.netns, end.name))
        ? { ...end, settings: { ...end.settings, mac: undefined, mtu: undefined } }
        : end
    return { ...bare(one), peer: one.peer && bare(one.peer) }
  }

const differences =
  (observed: Observed) =>
  (one: Desired): string[] => {
    if (one.kind !== 'link') return []
    return [one, one.peer ?? []].flat().flatMap(({ netns, name, settings: { mac, mtu } }) => {
      const found = netns === HOST ? undefined : observed.links.get(at(netns, name))
      if (!found) return []
      return [
        ...(mac && mac !== found.mac ? [`${name} has the MAC address ${found.mac}, ADD gave it ${mac}`] : []),
        ...(mtu && mtu !== found.mtu ? [`${name} has the MTU ${found.mtu}, ADD gave it ${mtu}`] : []),
      ]
    })
  }
