/** DEL: take one attachment away, whatever of it is left (specification, section 2 "DEL"). */

import type { Lease, Owner } from '../ipam/lease.ts'
import { plugElements, plugLinks } from '../src/linux/evidence.ts'
import { remove } from '../src/linux/machine.ts'
import { netnsIfThere, netnsInodeIfThere } from '../src/linux/netns.ts'
import { type AttachmentRecord, forget, recall } from '../src/linux/records.ts'
import { describe } from '../src/networks/index.ts'
import { hostVeth, ownerComment } from '../src/networks/marks.ts'
import type { NetConf } from '../src/networks/network.ts'
import type { Desired } from '../src/plan/kinds/index.ts'
import { HOST, type Netns } from '../src/plan/netns.ts'
import { elementAndFlows } from '../src/services/portflows.ts'
import { detour } from '../src/services/shaping.ts'
import { ownerOf } from './attachment.ts'
import { isChained, remembered } from './chained.ts'
import type { Config } from './config.ts'
import { addressesOf } from './ipam.ts'
import type { Request } from './request.ts'

/**
 * Needs neither the namespace nor prevResult: all of it is found on the host by whose it is.
 * The addresses are released last: nobody may get one that is still in use.
 */
export const del = async (request: Request, config: Config): Promise<void> => {
  await unplug(request, config)
  await addressesOf(request, config).release()
}

/** All of it but its addresses. */
export const unplug = async (request: Request, config: Config): Promise<void> => {
  const { desired, isKnown } = await describeHeld(request, config)
  await remove(desired, isKnown ? 'remove known' : 'remove')
  forget(ownerOf(request, config), config.plugin)
}

/**
 * What the attachment may have, as far as that is known without its namespace; and its lease.
 * @returns isKnown if all elements that it ever had are among it
 */
export const describeHeld = async (request: Request, config: Config) => {
  const record = recall(ownerOf(request, config), config.plugin)
  const inside = await whereItWas(request, config, record)
  const attachment = await remembered(request, config, inside, record)
  const { owner } = attachment
  const lease =
    (await known(() => addressesOf(request, config).find())) ??
    (await known(() => leaseOnAlias(owner))) ??
    (record && leaseOf(record.endpoint.addresses))
  // Of what is set in the container DEL knows by the record: what was there before.
  const net = { ...config.net, sysctl: {} }
  const desired = describe(net, attachment, lease).filter(isLeft)
  // Nobody remembers: whatever has its mark.
  const marked = record
    ? (record.elements ?? [])
    : [...(await ownElements(owner)), detour(owner, inside ?? HOST, '')]
  const half = inside && isInside(config.net) ? [newborn(inside, owner)] : []
  return { desired: [...desired, ...marked, ...half], lease, isKnown: record?.elements !== undefined }
}

/**
 * The container's namespace, where DEL has something to do in it: a veth goes by its end on the host. Runtimes leave
 * CNI_NETNS empty as they like; the record knows the path, and by its inode that it still leads to the same.
 */
const whereItWas = async (
  { netns }: Request,
  config: Config,
  record: AttachmentRecord | undefined,
): Promise<Netns | undefined> => {
  const { net } = config
  if (!(isInside(net) || isChained(config) || net.sourceRouting || record?.endpoint.tables)) return undefined
  for (const path of record?.netns ? [netns, record.netns.path] : [])
    if ((await netnsInodeIfThere(path)) === record?.netns?.inode) return netnsIfThere(path)
  // Its link has a mark by which it is known, whatever namespace that is; what is only tuned has none.
  return record && !isInside(net) ? undefined : netnsIfThere(netns)
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
    .flatMap(one => elementAndFlows({ ...common, ...one }))
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
  return cable?.mark && leaseOf(cable.mark.addresses)
}

const leaseOf = (addresses: readonly string[]): Lease => ({
  addresses: addresses.map(address => ({ address })),
  routes: [],
  dns: {},
})
