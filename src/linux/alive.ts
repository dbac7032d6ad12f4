/** Whether an attachment is still somebody's, as far as the host can tell from its mark alone. */

import { hostVeth, ownerComment, readOwnerComment } from '../networks/marks.ts'
import { allPlugLinks, networkLinks, plugElements } from './evidence.ts'
import { netnsInodeIfThere } from './netns.ts'
import { recordsIn } from './records.ts'

/**
 * Its record tells by the namespace, which is there before anything of ours is, and goes before the cable does.
 * @param comment of its nft elements
 * @returns false only if it is known to be gone: its namespace is, or its cable together with all memory of it
 */
export const isAlive = async (comment: string): Promise<boolean> => {
  const { network, owner } = readOwnerComment(comment)
  const record = recordsIn(network).find(one => ownerComment(one.owner) === comment)
  if (record?.netns) return (await netnsInodeIfThere(record.netns.path)) === record.netns.inode
  if (!owner || !(await isOurs(network))) return true
  return (await allPlugLinks()).some(({ name }) => name === hostVeth(owner))
}

/** Of a network whose cables are others': whether anybody who has elements of ours is still there. */
export const hasLivingOwners = async (network: string): Promise<boolean> => {
  const comments = new Set((await plugElements(network)).map(({ comment }) => comment))
  for (const comment of comments) if (await isAlive(comment)) return true
  return false
}

/** Its cables are ours, then: of a chain's we know nothing without a record. */
const isOurs = async (network: string) =>
  (await networkLinks()).some(one => one.network === network && one.type === 'bridge')
