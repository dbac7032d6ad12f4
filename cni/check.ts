/** CHECK: is everything still as ADD left it? (specification, section 2 "CHECK") */

import type { Lease } from '../ipam/lease.ts'
import { observe } from '../src/linux/observe.ts'
import { recall } from '../src/linux/records.ts'
import { describe } from '../src/networks/index.ts'
import type { Attachment } from '../src/networks/network.ts'
import { explain } from '../src/plan/explain.ts'
import type { Desired } from '../src/plan/kinds/index.ts'
import type { Settings } from '../src/plan/kinds/linkwords.ts'
import { HOST, type Netns } from '../src/plan/netns.ts'
import { plan } from '../src/plan/plan.ts'
import { existingNetns, withTables } from './attachment.ts'
import { inTerms, isChained, plugged } from './chained.ts'
import type { Config } from './config.ts'
import { CniError, codes } from './errors.ts'
import { addressesOf } from './ipam.ts'
import { withoutLater } from './later.ts'
import type { Request } from './request.ts'
import { isInside, parseResult, type Result } from './result.ts'
import { settle } from './settle.ts'

/** @throws CniError(differs): what is not as it was, and the command that would mend it */
export const check = async (request: Request, config: Config): Promise<void> => {
  if (!config.prevResult)
    throw new CniError(
      codes.badConfig,
      'prevResult is missing: CHECK needs it',
      'the runtime passes on what ADD returned',
    )
  const netns = await existingNetns(request)
  const prevResult = parseResult(config.prevResult, 'prevResult', config.cniVersion)
  const addresses = addressesOf(request, config)
  await addresses.check()
  const lease = (await addresses.find()) ?? { addresses: [], routes: [], dns: {} }
  refuseOther(prevResult, lease)
  const attachment = await checked(request, config, netns, prevResult, lease)
  const net = inTerms(await settle(config.net, netns), attachment)
  const whole = withoutLater(describe(net, attachment, lease), attachment.owner, config.plugin)
  const desired = withMtu(whole, prevResult, request)
  const steps = explain(plan(desired, await observe(desired)))
  if (!steps.length) return
  const missing = steps.map(({ words, why }) => `${words} (${why})`)
  throw new CniError(
    codes.differs,
    `container '${request.containerId}', interface '${request.ifname}' is not as it was; to be done: ${missing.join('; ')}`,
    steps.map(({ command }) => command).join('\n'),
  )
}

/** A later plugin of the chain may have given the interface another MAC: prevResult says which. */
const checked = async (
  request: Request,
  config: Config,
  netns: Netns,
  { interfaces }: Result,
  lease: Lease,
): Promise<Attachment> => {
  const attachment = await plugged(request, config, netns)
  const own = interfaces.find(isInside(request.ifname))?.mac?.toLowerCase()
  const isOurs = !isChained(config) || attachment.mac !== undefined
  const asLeft = { ...attachment, mac: isOurs ? (own ?? attachment.mac) : undefined }
  const { tables, routes } = recall(attachment.owner, config.plugin)?.endpoint ?? {}
  const addresses = attachment.found?.addresses ?? lease.addresses.map(({ address }) => address)
  const { found } = asLeft
  return tables
    ? { ...asLeft, tables, found: found && { ...found, routes } }
    : withTables(config.net, asLeft, addresses)
}

/** The same for its MTU. */
const withMtu = (desired: readonly Desired[], { interfaces }: Result, { ifname }: Request): Desired[] => {
  const mtu = interfaces.find(isInside(ifname))?.mtu
  return desired.map(one => {
    if (one.kind !== 'link' || mtu === undefined) return one
    const { peer } = one
    const left = <T extends { settings: Settings }>(end: T): T =>
      end.settings.mtu ? { ...end, settings: { ...end.settings, mtu } } : end
    if (peer?.name === ifname) return { ...one, peer: left(peer) }
    return one.name === ifname && one.netns !== HOST ? left(one) : one
  })
}

/** The addresses in prevResult that are ours must be those leased. */
const refuseOther = ({ ips }: Result, lease: Lease) => {
  const lost = lease.addresses.filter(({ address }) => !ips.some(ip => ip.address === address))
  if (lost.length)
    throw new CniError(
      codes.differs,
      `prevResult does not have the address that is leased: ${lost.map(({ address }) => address).join(', ')}`,
      'DEL it and ADD it again',
    )
}
