/** ADD: attach one container to one network (specification, section 2 "ADD"). */

import { ensure, refuseTakenName } from '../src/linux/machine.ts'
import { routed } from '../src/networks/gateway.ts'
import { describe } from '../src/networks/index.ts'
import type { Desired } from '../src/plan/kinds/index.ts'
import { at, type Observed } from '../src/plan/observed.ts'
import { attachmentOf, existingNetns } from './attachment.ts'
import type { Config } from './config.ts'
import { CniError } from './errors.ts'
import { type Addresses, addressesOf } from './ipam.ts'
import type { Request } from './request.ts'
import { extend, type Interface, parseResult, type Result } from './result.ts'

export const add = async (request: Request, config: Config): Promise<Result> => {
  const netns = await existingNetns(request)
  const attachment = attachmentOf(request, config, netns)
  const addresses = addressesOf(request, config)
  const lease = await addresses.acquire() // recorded before the kernel is touched
  const seen = await releasing(addresses, async () => {
    const desired = describe(config.net, attachment, lease)
    const observed = await ensure(desired, refuseTakenName(netns, request.ifname))
    return interfacesOf(desired, observed)
  })
  const { addresses: ips, routes, dns } = routed(config.net, lease)
  const result: Result = {
    interfaces: seen,
    ips: ips.map(ip => ({ ...ip, interface: seen.length - 1 })),
    routes,
    dns: Object.keys(config.dns).length ? config.dns : dns,
  }
  return config.prevResult
    ? extend(parseResult(config.prevResult, 'prevResult', config.cniVersion), result)
    : result
}

/** Gives the addresses back if the work fails, and says so if that fails too. */
const releasing = async <T>(addresses: Addresses, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    await addresses.release().catch((failure: Error) => {
      if (error instanceof CniError) error.also(`and releasing the address: ${failure.message}`)
    })
    throw error
  }
}

/** Bridge, host end, container end: in the order of the description, which is the reference's. */
const interfacesOf = (desired: readonly Desired[], observed: Observed): Interface[] =>
  desired.flatMap(one => {
    if (one.kind !== 'link' || one.type === 'given') return []
    const { netns, name, settings, peer } = one
    const before = observed.links.get(at(netns, name))
    const mtu = before?.mtu ?? settings.mtu ?? DEFAULT_MTU
    const host = { name, mac: before?.mac ?? settings.mac, mtu }
    return peer ? [host, { name: peer.name, mac: peer.settings.mac, mtu, sandbox: peer.netns }] : [host]
  })

/** What the kernel gives a bridge and a veth: ETH_DATA_LEN. */
const DEFAULT_MTU = 1500
