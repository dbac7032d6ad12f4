/** A plug that an earlier plugin of the chain made: prevResult says which, the kernel what it hangs on. */

import { type Inside, insideOf } from '../src/linux/peer.ts'
import { type AttachmentRecord, recall } from '../src/linux/records.ts'
import type { Attachment } from '../src/networks/network.ts'
import type { Netns } from '../src/plan/netns.ts'
import { attachmentOf } from './attachment.ts'
import type { Config } from './config.ts'
import { CniError, codes } from './errors.ts'
import { membership } from './membership.ts'
import { watching } from './netconf.ts'
import type { Request } from './request.ts'
import { parseResult, type Result } from './result.ts'

export const isChained = ({ net }: Config) => net.mode === 'chained'

/** The attachment of a request; of a chained one also what was found of it. @throws CniError(badConfig, unknownContainer) */
export const plugged = async (request: Request, config: Config, netns: Netns): Promise<Attachment> => {
  const attachment = {
    ...attachmentOf(request, config, netns),
    wants: { ...config.wants, groups: membership(request, config) },
  }
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
  refuseWithoutPort(config, inside)
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

/** Who may talk to whom is decided at the host's end of the cable. */
const refuseWithoutPort = ({ net }: Config, { port, bridge }: Inside) => {
  const field = watching(net)
  if (!field || (port && bridge)) return
  throw new CniError(
    codes.badConfig,
    `${field} needs a port of a bridge, and the interface is no end of a cable to one`,
    `leave ${field} out, or put the plugin behind one that makes a veth and a bridge`,
  )
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
