/** ADD: attach one container to one network (specification, section 2 "ADD"). */

import { ensure, refuseTakenName, remove } from '../src/linux/machine.ts'
import { routed } from '../src/networks/gateway.ts'
import { describe } from '../src/networks/index.ts'
import type { Routed } from '../src/networks/network.ts'
import type { Desired } from '../src/plan/kinds/index.ts'
import { HOST } from '../src/plan/netns.ts'
import { at, type Observed } from '../src/plan/observed.ts'
import { asksByCable, attachmentOf, existingNetns } from './attachment.ts'
import type { Config } from './config.ts'
import { CniError } from './errors.ts'
import { addressesOf } from './ipam.ts'
import type { Request } from './request.ts'
import { extend, type Interface, parseResult, type Result } from './result.ts'
import { settle } from './settle.ts'

export const add = async (request: Request, config: Config): Promise<Result> => {
  const netns = await existingNetns(request)
  const net = await settle(config.net, netns)
  const attachment = attachmentOf(request, config, netns)
  const addresses = addressesOf(request, config)
  const refuse = refuseTakenName(netns, attachment.owner)
  const cableFirst = asksByCable(config)
  const bare = cableFirst ? describe(net, attachment) : []
  if (cableFirst) await ensure(bare, refuse)
  return undoing(
    'unplugging',
    () => remove(bare),
    async () => {
      const lease = await addresses.acquire() // recorded before the kernel is touched
      return undoing(
        'releasing the address',
        () => addresses.release(),
        async () => {
          const desired = describe(net, attachment, lease)
          const observed = await ensure(desired, cableFirst ? () => {} : refuse)
          return toResult(config, interfacesOf(desired, observed, net.hostSeed), routed(net, lease))
        },
      )
    },
  )
}

/** If the work fails, so does what was done for it; and the error says so if not even that succeeds. */
const undoing = async <T>(words: string, undo: () => Promise<void>, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    await undo().catch((failure: Error) => {
      if (error instanceof CniError) error.also(`and ${words}: ${failure.message}`)
    })
    throw error
  }
}

const toResult = (
  config: Config,
  interfaces: readonly Interface[],
  { addresses, routes, dns }: Routed,
): Result => {
  const result: Result = {
    interfaces,
    ips: addresses.map(ip => ({ ...ip, interface: interfaces.length - 1 })),
    routes,
    dns: Object.keys(config.dns).length ? config.dns : dns,
  }
  const { prevResult, cniVersion } = config
  return prevResult ? extend(parseResult(prevResult, 'prevResult', cniVersion), result) : result
}

/**
 * Bridge, host end, container end: in the order of the description, which is the reference's.
 * @param lowerMac of the interface that leads out: what is made on it without a MAC of its own has that
 */
const interfacesOf = (desired: readonly Desired[], observed: Observed, lowerMac: string): Interface[] =>
  desired.flatMap(one => {
    // What leads out of the host is no part of the attachment.
    if (one.kind !== 'link' || one.type === 'given' || (one.scope === 'network' && one.type !== 'bridge'))
      return []
    const { netns, name, settings, peer, lower } = one
    const before = observed.links.get(at(netns, name))
    const mtu = before?.mtu ?? settings.mtu ?? DEFAULT_MTU
    const link = {
      name,
      mac: before?.mac ?? settings.mac ?? (lower ? lowerMac : undefined),
      mtu,
      ...(netns === HOST ? {} : { sandbox: netns }),
    }
    return peer ? [link, { name: peer.name, mac: peer.settings.mac, mtu, sandbox: peer.netns }] : [link]
  })

/** What the kernel gives a bridge and a veth: ETH_DATA_LEN. */
const DEFAULT_MTU = 1500
