/** GC: take away every attachment that the runtime does not know (specification 1.1.0, section 2 "GC"). */

import type { Owner } from '../ipam/lease.ts'
import { plugLinks } from '../src/linux/evidence.ts'
import { removeStrays } from '../src/linux/machine.ts'
import { recordsOf } from '../src/linux/records.ts'
import { isSame } from './attachment.ts'
import type { Config } from './config.ts'
import { isInside, unplug } from './del.ts'
import { attemptAll, CniError, codes } from './errors.ts'
import { addressesOf } from './ipam.ts'
import type { Request } from './request.ts'

/** An empty list means that nothing is valid; a missing one means that the runtime did not say. */
export const gc = async (request: Request, config: Config): Promise<void> => {
  const valid = validOwners(config)
  const addresses = addressesOf(request, config)
  const stale = (await addresses.holders().catch(() => [])).filter(one => !valid.some(isSame(one)))
  await attemptAll([
    () => removeStrays(config.name, valid, stale),
    // What was remembered of them: also what no mark tells.
    ...recordsOf(config.name, config.plugin)
      .filter(({ owner }) => !valid.some(isSame(owner)))
      .map(
        ({ owner }) =>
          () =>
            unplug({ ...request, ...owner, netns: '' }, config),
      ),
    // Of what is in the container alone the host shows nothing.
    ...(isInside(config.net) ? stale : []).map(one => () => unplug({ ...request, ...one }, config)),
    // Addresses last, and none of what did not go: nobody may get one that is still in use.
    async () =>
      addresses.gc([...valid, ...(await plugLinks(config.name)).flatMap(({ mark }) => mark?.owner ?? [])]),
  ])
}

/** @throws CniError(badConfig) if the runtime did not say what is valid */
export const validOwners = ({ name, valid }: Config): Owner[] => {
  if (!valid)
    throw new CniError(
      codes.badConfig,
      'cni.dev/valid-attachments is missing: GC needs it',
      'send the list; an empty one deletes everything of this network',
    )
  return valid.map(({ containerID, ifname }) => ({ network: name, containerId: containerID, ifname }))
}
