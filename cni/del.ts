/** DEL: take one attachment away, whatever of it is left (specification, section 2 "DEL"). */

import type { Lease, Owner } from '../ipam/lease.ts'
import { plugElements, plugLinks } from '../src/linux/evidence.ts'
import { remove } from '../src/linux/machine.ts'
import { netnsIfThere } from '../src/linux/netns.ts'
import { forget } from '../src/linux/records.ts'
import { describe } from '../src/networks/index.ts'
import { hostVeth, ownerComment } from '../src/networks/marks.ts'
import type { NetConf } from '../src/networks/network.ts'
import type { Desired } from '../src/plan/kinds/index.ts'
import { HOST, type Netns } from '../src/plan/netns.ts'
import { detour } from '../src/services/shaping.ts'
import { ownerOf } from './attachment.ts'
import { remembered } from './chained.ts'
import type { Config } from './config.ts'
import { addressesOf } from './ipam.ts'
import type { Request } from './request.ts'

/**
 * Needs neither the namespace nor prevResult: all of it is found on the host by whose it is.
 * The addresses are released last: nobody may get one that is still in use.
 */
export const del = async (request: Request, config: Config): Promise<void> => {
  const { desired } = await describeHeld(request, config)
  await remove(desired)
  forget(ownerOf(request, config), config.plugin)
  await addressesOf(request, config).release()
}

/** What the attachment may have, as far as that is known without its namespace; and its lease. */
export const describeHeld = async (request: Request, config: Config) => {
  // A veth goes by its end on the host; without one, what is there is in the container.
  const inside = isInside(config.net) ? await netnsIfThere(request.netns) : undefined
  const { attachment, record } = remembered(request, config, inside)
  const lease =
    (await known(() => addressesOf(request, config).find())) ??
    (await known(() => leaseOnAlias(attachment.owner)))
  const desired = describe(config.net, attachment, lease).filter(isLeft)
  // Nobody remembers: whatever has its mark.
  const { owner } = attachment
  const marked = record ? [] : [...(await ownElements(owner)), detour(owner, inside ?? HOST, '')]
  return {
    desired: [...desired, ...marked, ...(inside ? [newborn(inside, owner)] : [])],
    lease,
  }
}

/** What is its own; of the queues of interfaces only those that do not go with theirs. */
const isLeft = (one: Desired) => one.scope === 'attachment' && !('stays' in one && !one.stays)

/** Elements of our nft sets that carry its mark. */
const ownElements = async (owner: Owner): Promise<Desired[]> => {
  const common = {
    kind: 'element',
    scope: 'attachment',
    netns: HOST,
    why: 'it is marked as its own',
  } as const
  const all = await known(() => plugElements(owner.network))
  return (all ?? [])
    .filter(({ comment }) => comment === ownerComment(owner))
    .map(one => ({ ...common, ...one }))
}

/** What a crash leaves in the container: the interface under the name under which it is made, without a mark. */
const newborn = (netns: Netns, owner: Owner): Desired => ({
  kind: 'link',
  scope: 'attachment',
  netns,
  name: hostVeth(owner),
  type: 'macvlan',
  alias: '',
  settings: {},
  why: 'ADD did not end',
})

/** Whether all that an attachment has is in its container. */
export const isInside = ({ mode }: NetConf) => ['macvlan', 'ipvlan', 'vlanlink'].includes(mode)

/** DEL goes on without. */
const known = <T>(find: () => Promise<T>) => find().catch(() => undefined)

/** When nobody remembers, the cable still says whose it is and which addresses it has. */
const leaseOnAlias = async (owner: Owner): Promise<Lease | undefined> => {
  const cable = (await plugLinks(owner.network)).find(({ name }) => name === hostVeth(owner))
  return cable?.mark && { addresses: cable.mark.addresses.map(address => ({ address })), routes: [], dns: {} }
}
