/** A plug that an earlier plugin of the chain made: prevResult says which, the kernel what it hangs on. */

import { insideOf } from '../src/linux/peer.ts'
import { type AttachmentRecord, recall } from '../src/linux/records.ts'
import type { Attachment } from '../src/networks/network.ts'
import type { Netns } from '../src/plan/netns.ts'
import { attachmentOf } from './attachment.ts'
import type { Config } from './config.ts'
import { CniError, codes } from './errors.ts'
import type { Request } from './request.ts'
import { parseResult, type Result } from './result.ts'

export const isChained = ({ net }: Config) => net.mode === 'chained'

/** The attachment of a request; of a chained one also what was found of it. @throws CniError(badConfig, unknownContainer) */
export const plugged = async (request: Request, config: Config, netns: Netns): Promise<Attachment> => {
  const attachment = attachmentOf(request, config, netns)
  if (!isChained(config)) return attachment
  const { ips } = previous(config)
  const inside = await insideOf(netns, request.ifname)
  if (!inside)
    throw new CniError(
      codes.unknownContainer,
      `CNI_IFNAME '${request.ifname}' does not exist in the container's namespace ${netns}`,
      'a chained plugin comes after the one that makes the interface',
    )
  const { mac, port, bridge } = inside
  return {
    ...attachment,
    found: {
      owner: attachment.owner,
      netns,
      port,
      bridge,
      mac,
      addresses: ips.map(({ address }) => address),
      gateways: ips.flatMap(({ gateway }) => gateway ?? []),
    },
  }
}

/** The same for DEL, from what was remembered of ADD: whatever is gone by now. */
export const remembered = (
  request: Request,
  config: Config,
  netns: Netns | undefined,
): { attachment: Attachment; record?: AttachmentRecord } => {
  const attachment = attachmentOf(request, config, netns)
  const record = recall(attachment.owner, config.plugin)
  if (!record) return { attachment }
  return {
    record,
    attachment: { ...attachment, wants: record.wants, found: { ...record.endpoint, netns } },
  }
}

/** What the chain has made so far. @throws CniError(badConfig) */
export const previous = ({ prevResult, cniVersion }: Config): Result => {
  if (prevResult) return parseResult(prevResult, 'prevResult', cniVersion)
  throw new CniError(
    codes.badConfig,
    'prevResult is missing: a chained plugin needs it',
    'put it behind the plugin that makes the interface, in one list of plugins',
  )
}
