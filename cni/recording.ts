/** What ADD was asked for, remembered before it is done: DEL may come without configuration, namespace and prevResult. */

import type { Lease } from '../ipam/lease.ts'
import { ensure } from '../src/linux/machine.ts'
import { netnsInodeIfThere } from '../src/linux/netns.ts'
import { type AttachmentRecord, forget, recall, remember } from '../src/linux/records.ts'
import type { Attachment } from '../src/networks/network.ts'
import type { Element } from '../src/plan/kinds/element.ts'
import type { Desired } from '../src/plan/kinds/index.ts'
import type { Netns } from '../src/plan/netns.ts'
import type { Observed } from '../src/plan/observed.ts'
import { originalsOf } from '../src/plan/originals.ts'
import type { Endpoint } from '../src/services/service.ts'
import type { Config } from './config.ts'
import type { Request } from './request.ts'

export const recordOf = async (
  { netns: path, args, path: plugins }: Request,
  { plugin, text }: Config,
  { wants }: Attachment,
  endpoint: Endpoint,
  desired: readonly Desired[],
  lease: Lease,
): Promise<AttachmentRecord> => ({
  owner: endpoint.owner,
  plugin,
  since: new Date().toISOString(),
  netns: { path, inode: (await netnsInodeIfThere(path)) ?? 0 },
  endpoint,
  wants,
  elements: desired.filter(one => one.kind === 'element'),
  lease,
  call: { config: text.trim(), args, path: plugins },
})

/** Makes all of `desired`, or nothing; what is refused leaves the record of the one that is there alone. */
export const ensureRecorded = async (
  record: AttachmentRecord,
  desired: readonly Desired[],
  refuse: (observed: Observed) => void,
): Promise<Observed> => {
  const { owner, plugin } = record
  let undo = () => {}
  try {
    return await ensure(desired, observed => {
      refuse(observed)
      undo = () => forget(owner, plugin)
      remember(record)
    })
  } catch (error) {
    undo()
    throw error
  }
}

/** The same on an interface that another plugin made: with what it was like. */
export const ensureTuned = async (
  record: AttachmentRecord,
  desired: readonly Desired[],
  netns: Netns,
): Promise<Observed> => {
  const { owner, plugin, endpoint } = record
  const earlier = recall(owner, plugin)
  const isSame = earlier?.netns?.inode === record.netns?.inode
  const former = (isSame && earlier?.elements) || []
  try {
    return await ensure(desired, observed => {
      // An ADD that comes again, after a crash maybe, finds what the first one has changed.
      const first = isSame ? earlier?.endpoint.originals : undefined
      const originals = first ?? originalsOf(desired, observed, netns, owner.ifname)
      // What the first one has put into our sets stays there until DEL, which knows it by the record alone.
      const elements = [
        ...new Map([...former, ...(record.elements ?? [])].map(one => [keyOf(one), one])).values(),
      ]
      remember({ ...record, elements, endpoint: { ...endpoint, originals } })
    })
  } catch (error) {
    if (earlier && isSame) remember(earlier)
    else forget(owner, plugin)
    throw error
  }
}

const keyOf = ({ table, set, key }: Element) => `${table} ${set} ${key}`
