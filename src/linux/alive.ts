/** Whether an attachment is still somebody's, as far as the host can tell from its mark alone. */

import { hostVeth, ownerComment, readOwnerComment } from '../networks/marks.ts'
import { HOST } from '../plan/netns.ts'
import { allPlugLinks, networkLinks, plugElements } from './evidence.ts'
import { ipShow } from './iproute2.ts'
import { netnsInodeIfThere } from './netns.ts'
import { recordsIn } from './records.ts'

/**
 * @param comment of its nft elements
 * @returns false only if it is known to be gone: its cable is, and so is its namespace or all memory of it
 */
export const isAlive = async (comment: string): Promise<boolean> => {
  const { network, owner } = readOwnerComment(comment)
  const record = recordsIn(network).find(one => ownerComment(one.owner) === comment)
  const cables = await allPlugLinks()
  if (owner && cables.some(({ name }) => name === hostVeth(owner))) return true
  if (!record) return !(await isOurs(network))
  const { netns, endpoint } = record
  if (netns && (await netnsInodeIfThere(netns.path)) !== netns.inode) return false
  const { port } = endpoint
  return !port || (await ipShow(HOST, [`link show dev ${port}`])).length > 0
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
