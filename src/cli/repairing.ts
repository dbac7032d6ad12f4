/** All that is remembered and lives, one after the other; what fails keeps nothing else from being repaired. */

import { CniError, codes } from '../../cni/errors.ts'
import { lookAt, type Repaired, repair } from '../../cni/repair.ts'
import { type AttachmentSeen, seeAttachments } from '../linux/attachments.ts'
import type { AttachmentRecord } from '../linux/records.ts'
import { type Tell, toNobody } from '../linux/tell.ts'
import { explain } from '../plan/explain.ts'
import { calm, isSame, isToMend } from './calm.ts'
import { attachmentsOf } from './subject.ts'

export const repairAll = async (what: string | undefined, dryRun: boolean, tell: Tell = toNobody) => {
  const seen = what === undefined ? await seeAttachments() : meant(what, await seeAttachments())
  const repaired: Repaired[] = []
  // What containers share is the first one's to mend: undone yet, it would be every one's.
  const told = new Set<string>()
  const failures: unknown[] = []
  const looked = await lookAt(seen.flatMap(({ records }) => records))
  if (!dryRun) await calm(looked.filter(isToMend).map(({ record }) => record))
  for (const [n, one] of looked.entries()) {
    tell(n, looked.length, one.record.owner.containerId)
    try {
      if ('failure' in one) throw one.failure
      const { record, steps, left, obstacles } = one
      if (dryRun && obstacles[0]) throw obstacles[0].error
      const { owner, plugin } = record
      const done =
        dryRun || !isToMend(one) ? { owner, plugin, steps: explain(steps), left } : await repairOne(record)
      if (!done) continue
      repaired.push({ ...done, steps: done.steps.filter(({ command }) => !told.has(command)) })
      for (const { command } of done.steps) told.add(command)
    } catch (error) {
      failures.push(error)
    }
  }
  return { repaired, failures }
}

/** Looked at anew: those before it have mended what they share. @returns undefined if it is no longer the same one */
const repairOne = async (record: AttachmentRecord): Promise<Repaired | undefined> => {
  if (!isSame(record)) return undefined
  const [now] = await lookAt([record])
  if (now && 'failure' in now) throw now.failure
  return now && repair(now)
}

/** @throws CniError(unknownContainer) */
const meant = (what: string, seen: readonly AttachmentSeen[]): readonly AttachmentSeen[] => {
  const ofNetwork = seen.filter(({ owner }) => owner.network === what)
  const found = ofNetwork.length ? ofNetwork : attachmentsOf(what, seen)
  if (found.length) return found
  throw new CniError(
    codes.unknownContainer,
    `'${what}' is neither a container nor a network that is remembered here`,
    'see `vethwork ps`',
  )
}
