/** What containers have, looked at beside runtimes that come and go. */

import { type Looked, lookAt, type Unseen } from '../../cni/repair.ts'
import { type AttachmentRecord, recall } from '../linux/records.ts'
import { type Tell, toNobody } from '../linux/tell.ts'

export const isToMend = (one: Looked | Unseen) =>
  'described' in one && one.steps.length + one.obstacles.length > 0

/** Milliseconds: ADD is done by then, or what it was asked for is forgotten; DEL needs less. */
const ADDING = 2000
const DELETING = 200

/**
 * What ADD has not made yet and what DEL has just taken away is not broken, and must not be made by us: ADD would find
 * its name taken. So whatever is young is given time.
 */
export const calm = async (records: readonly AttachmentRecord[]) => {
  if (!records.length) return
  const youngest = Math.max(...records.map(({ since }) => Date.parse(since)))
  const left = Math.min(youngest + ADDING - Date.now(), ADDING)
  await new Promise(resolve => setTimeout(resolve, Math.max(left, DELETING)))
}

/** Whether it is still that attachment, and not one that came after it. */
export const isSame = ({ owner, plugin, since }: AttachmentRecord) => recall(owner, plugin)?.since === since

/** Looks once more, a moment later, at whatever lacks something. */
export const lookCalmly = async (
  records: readonly AttachmentRecord[],
  tell: Tell = toNobody,
): Promise<(Looked | Unseen)[]> => {
  const looked = await lookAt(records, tell)
  const doubtful = looked.filter(isToMend).map(({ record }) => record)
  if (!doubtful.length) return looked
  await calm(doubtful)
  return [...looked.filter(one => !isToMend(one)), ...(await lookAt(doubtful.filter(isSame), tell))]
}
