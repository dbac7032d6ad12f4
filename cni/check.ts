/** CHECK: is everything still as ADD left it? (specification, section 2 "CHECK") */

import type { Lease } from '../ipam/lease.ts'
import { observe } from '../src/linux/observe.ts'
import { describe } from '../src/networks/index.ts'
import { explain } from '../src/plan/explain.ts'
import { plan } from '../src/plan/plan.ts'
import { existingNetns } from './attachment.ts'
import { plugged } from './chained.ts'
import type { Config } from './config.ts'
import { CniError, codes } from './errors.ts'
import { addressesOf } from './ipam.ts'
import type { Request } from './request.ts'
import { parseResult, type Result } from './result.ts'
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
  const attachment = await plugged(request, config, netns)
  // A later plugin of the chain may have given the interface another MAC: prevResult says which.
  const mac = prevResult.interfaces.find(({ name, sandbox }) => name === request.ifname && sandbox)?.mac
  const desired = describe(
    await settle(config.net, netns),
    { ...attachment, mac: mac ?? attachment.mac },
    lease,
  )
  const steps = explain(plan(desired, await observe(desired)))
  if (!steps.length) return
  const missing = steps.map(({ words, why }) => `${words} (${why})`)
  throw new CniError(
    codes.differs,
    `container '${request.containerId}', interface '${request.ifname}' is not as it was; to be done: ${missing.join('; ')}`,
    steps.map(({ command }) => command).join('\n'),
  )
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
