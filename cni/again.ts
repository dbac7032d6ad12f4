/** What ADD was asked, once more: from its record, for those who look, mend and collect when no runtime calls. */

import { netnsInodeIfThere } from '../src/linux/netns.ts'
import type { AttachmentRecord } from '../src/linux/records.ts'
import { describe, nobody } from '../src/networks/index.ts'
import type { NetConf } from '../src/networks/network.ts'
import type { Desired } from '../src/plan/kinds/index.ts'
import type { Netns } from '../src/plan/netns.ts'
import { attachmentOf } from './attachment.ts'
import { inTerms, isChained } from './chained.ts'
import { type Config, parseConfig } from './config.ts'
import { CniError, codes } from './errors.ts'
import { personalityOf } from './personality.ts'
import type { Request } from './request.ts'
import { settle } from './settle.ts'

export interface Again {
  readonly request: Request
  readonly config: Config
}

/** @throws CniError(badConfig) if the record does not hold what ADD was called with, or if that is no longer taken */
export const again = ({ owner, plugin, netns, call }: AttachmentRecord): Again => {
  if (!call)
    throw new CniError(
      codes.badConfig,
      `of container '${owner.containerId}', interface '${owner.ifname}' it is not remembered how it was added`,
      'an older version added it: give its configuration (--config)',
    )
  const { containerId, ifname } = owner
  return {
    request: {
      verb: 'CHECK',
      containerId,
      ifname,
      netns: netns?.path ?? '',
      args: call.args,
      path: call.path,
      netnsOverride: false,
    },
    config: parseConfig(call.config, personalityOf(plugin)),
  }
}

/** The namespace of a record while it is the same one: another may be at its path by now. */
export const netnsOf = async ({ netns }: AttachmentRecord): Promise<Netns | undefined> =>
  netns && (await netnsInodeIfThere(netns.path)) === netns.inode ? (netns.path as Netns) : undefined

/** Settles a network. @param netns of the container */
type Settling = (conf: NetConf, netns?: Netns) => Promise<NetConf>

/** What this host makes of a network is the same for all its containers: looked for once. */
export const settlingOnce = (): Settling => {
  const known = new Map<string, Promise<NetConf>>()
  return (conf, netns) => {
    const key = JSON.stringify([conf, conf.linkInContainer ? netns : ''])
    const found = known.get(key) ?? settle(conf, netns, true)
    known.set(key, found)
    return found
  }
}

/**
 * All that the attachment should have, and what it shares.
 * @throws CniError as `again` and `settle` do
 */
export const describeAgain = async (
  record: AttachmentRecord,
  settling: Settling = settlingOnce(),
): Promise<Desired[]> => {
  const { request, config } = again(record)
  const netns = await netnsOf(record)
  const { wants, endpoint } = record
  const attachment = { ...attachmentOf(request, config, netns), wants, tables: endpoint.tables }
  const found = isChained(config) ? { found: { ...endpoint, netns } } : {}
  const net = inTerms(await settling(config.net, netns), attachment)
  return describe(net, { ...attachment, ...found }, record.lease ?? nobody)
}
