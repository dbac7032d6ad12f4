/** All that is remembered and lives, one after the other; what fails keeps nothing else from being repaired. */

import { CniError, codes } from '../../cni/errors.ts'
import { type Repaired, repair } from '../../cni/repair.ts'
import { type AttachmentSeen, seeAttachments } from '../linux/attachments.ts'
import { type Tell, toNobody } from '../linux/tell.ts'
import { attachmentsOf } from './subject.ts'

export const repairAll = async (what: string | undefined, dryRun: boolean, tell: Tell = toNobody) => {
  const seen = what === undefined ? await seeAttachments() : meant(what, await seeAttachments())
  const repaired: Repaired[] = []
  // What containers share is the first one's to mend: undone yet, it would be every one's.
  const told = new Set<string>()
  const failures: unknown[] = []
  const records = seen.flatMap(({ records }) => records)
  for (const [n, record] of records.entries()) {
    tell(n, records.length, record.owner.containerId)
    try {
      const one = await repair(record, dryRun)
      if (!one) continue
      repaired.push({ ...one, steps: one.steps.filter(({ command }) => !told.has(command)) })
      for (const { command } of one.steps) told.add(command)
    } catch (error) {
      failures.push(error)
    }
  }
  return { repaired, failures }
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
