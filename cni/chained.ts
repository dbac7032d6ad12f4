/** A plug that an earlier plugin of the chain made: prevResult says which, the kernel what it hangs on. */

import { type Inside, insideOf } from '../src/linux/peer.ts'
import type { AttachmentRecord } from '../src/linux/records.ts'
import type { Attachment, NetConf } from '../src/networks/network.ts'
import type { Netns } from '../src/plan/netns.ts'
import { watching } from '../src/services/isolation.ts'
import type { Endpoint } from '../src/services/service.ts'
import { attachmentOf } from './attachment.ts'
import type { Config } from './config.ts'
import { CniError, codes } from './errors.ts'
import { membership } from './membership.ts'
import type { Request } from './request.ts'
import { dnsOf, isInside, ofInterface, parseResult, type Result, toLease } from './result.ts'
import { parseSysctls } from './tuningconf.ts'

export const isChained = ({ net }: Config) => net.mode === 'chained'

/** The attachment of a request; of a chained one also what was found of it. @throws CniError(badConfig, unknownContainer) */
export const plugged = async (request: Request, config: Config, netns: Netns): Promise<Attachment> => {
  const attachment = {
    ...attachmentOf(request, config, netns),
    wants: { ...config.wants, groups: membership(request, config) },
  }
  if (!isChained(config)) return attachment
  const before = previous(config)
  const inside = await insideOf(netns, request.ifname)
  if (!inside)
    throw new CniError(
      codes.unknownContainer,
      `CNI_IFNAME '${request.ifname}' does not exist in the container's namespace ${netns}`,
      'a chained plugin comes after the one that makes the interface',
    )
  refuseWithoutPort(config, inside)
  return { ...attachment, found: endpointIn(before, attachment, inside) }
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

/** The same for DEL, with what was remembered of ADD: whatever is gone by now. */
export const remembered = async (
  request: Request,
  config: Config,
  netns: Netns | undefined,
  record: AttachmentRecord | undefined,
): Promise<Attachment> => {
  const attachment = attachmentOf(request, config, netns)
  const found = record?.endpoint ?? (isChained(config) ? await rediscovered(config, attachment) : undefined)
  return {
    ...attachment,
    wants: record?.wants ?? attachment.wants,
    tables: found?.tables,
    found: found && { ...found, netns },
  }
}

/** Nobody remembers: the interface and prevResult, as far as they are there. */
const rediscovered = async (config: Config, attachment: Attachment): Promise<Endpoint | undefined> => {
  const { owner, netns } = attachment
  const inside = netns && (await insideOf(netns, owner.ifname).catch(() => undefined))
  if (!inside) return undefined
  try {
    return endpointIn(previous(config), attachment, inside)
  } catch {
    return { owner, netns, gateways: [], ...inside }
  }
}

const endpointIn = (
  before: Result,
  { owner, netns, mac }: Attachment,
  { mac: own, port, bridge }: Inside,
): Endpoint => {
  const { addresses, routes } = toLease(ofInterface(before, owner.ifname), 'prevResult')
  return {
    owner,
    netns,
    port,
    bridge,
    mac: mac ?? own,
    addresses: addresses.map(({ address }) => address),
    gateways: addresses.flatMap(({ gateway }) => gateway ?? []),
    routes,
  }
}

/** The configuration in the services' terms: with the MAC address that was asked for, and paths of kernel parameters. */
export const inTerms = (net: NetConf, { mac = '' }: Attachment): NetConf => ({
  ...net,
  mac,
  sysctl: parseSysctls(net.sysctl),
})

/** What the chain has made so far. @throws CniError(badConfig) */
export const previous = ({ prevResult, cniVersion }: Config): Result => {
  if (prevResult) return parseResult(prevResult, 'prevResult', cniVersion)
  throw new CniError(
    codes.badConfig,
    'prevResult is missing: a chained plugin needs it',
    'put it behind the plugin that makes the interface, in one list of plugins',
  )
}

/** The same, with what was changed of the interface. */
export const tuned = (config: Config, { owner }: Attachment, { mac, mtu }: NetConf): Result => {
  const before = previous(config)
  const changed = { ...(mac ? { mac } : {}), ...(mtu ? { mtu } : {}) }
  return {
    ...before,
    interfaces: before.interfaces.map(one => (isInside(owner.ifname)(one) ? { ...one, ...changed } : one)),
    dns: dnsOf(config, before.dns),
  }
}
