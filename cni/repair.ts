/** repair: what ADD made and is not there any more is made again, for attachments that are remembered and live. */

import type { Owner } from '../ipam/lease.ts'
import { ensure } from '../src/linux/machine.ts'
import { observe } from '../src/linux/observe.ts'
import type { AttachmentRecord } from '../src/linux/records.ts'
import { type Explained, explain } from '../src/plan/explain.ts'
import type { Desired } from '../src/plan/kinds/index.ts'
import { HOST, type Netns } from '../src/plan/netns.ts'
import { at, type Observed } from '../src/plan/observed.ts'
import { plan } from '../src/plan/plan.ts'
import { describeAgain, netnsOf } from './again.ts'

export interface Repaired {
  readonly owner: Owner
  readonly plugin: string
  /** What was, or is to be, done. */
  readonly steps: readonly Explained[]
  /** What is different, and was left as it is. */
  readonly left: readonly string[]
}

/**
 * @param dryRun say what would be done
 * @returns undefined if its namespace is gone: that is for gc
 * @throws CniError for what is in the way
 */
export const repair = async (record: AttachmentRecord, dryRun: boolean): Promise<Repaired | undefined> => {
  if (!(await netnsOf(record))) return undefined
  const described = await describeAgain(record)
  const observed = await observe(described)
  const desired = described.map(sparing(observed))
  const steps = [...plan(desired, observed)]
  const { owner, plugin } = record
  const left = described.flatMap(differences(observed))
  if (dryRun || !steps.length) return { owner, plugin, steps: explain(steps), left }
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
