/** ADD: attach one container to one network (specification, section 2 "ADD"). */

import type { Lease } from '../ipam/lease.ts'
import { ensure, refuseTakenName, remove } from '../src/linux/machine.ts'
import { netnsInodeIfThere } from '../src/linux/netns.ts'
import { forget, remember } from '../src/linux/records.ts'
import { routed } from '../src/networks/gateway.ts'
import { describe, endpointOf, nobody } from '../src/networks/index.ts'
import type { Attachment, NetConf, Routed } from '../src/networks/network.ts'
import type { Desired } from '../src/plan/kinds/index.ts'
import { HOST } from '../src/plan/netns.ts'
import { at, type Observed } from '../src/plan/observed.ts'
import { asksByCable, existingNetns } from './attachment.ts'
import { isChained, plugged, previous } from './chained.ts'
import type { Config } from './config.ts'
import { CniError } from './errors.ts'
import { addressesOf } from './ipam.ts'
import type { Request } from './request.ts'
import { extend, type Interface, parseResult, type Result } from './result.ts'
import { settle } from './settle.ts'

export const add = async (request: Request, config: Config): Promise<Result> => {
  const netns = await existingNetns(request)
  const net = await settle(config.net, netns)
  const attachment = await plugged(request, config, netns)
  if (isChained(config)) return addServices(request, config, net, attachment)
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
          const observed = await recorded(request, config, net, attachment, lease, () =>
            ensure(desired, cableFirst ? () => {} : refuse),
          )
          return toResult(config, interfacesOf(desired, observed), routed(net, lease))
        },
      )
    },
  )
}

/** Another plugin made the interface: what it has, and what of that was changed. */
const addServices = async (request: Request, config: Config, net: NetConf, attachment: Attachment) => {
  const result = previous(config)
  await recorded(request, config, net, attachment, nobody, () => ensure(describe(net, attachment), () => {}))
  return result
}

/** What is asked for is remembered before it is done, for DEL. */
const recorded = async <T>(
  { netns: path, args, path: plugins }: Request,
  { plugin, wants, text }: Config,
  net: NetConf,
  attachment: Attachment,
  lease: Lease,
  work: () => Promise<T>,
): Promise<T> => {
  const { owner } = attachment
  remember({
    owner,
    plugin,
    since: new Date().toISOString(),
    netns: { path, inode: (await netnsInodeIfThere(path)) ?? 0 },
    endpoint: endpointOf(net, attachment, lease),
    wants,
    lease,
    call: { config: text, args, path: plugins },
  })
  return undoing('forgetting it', async () => forget(owner, plugin), work)
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

/** Bridge, host end, container end: in the order of the description, which is the reference's. */
const interfacesOf = (desired: readonly Desired[], observed: Observed): Interface[] =>
  desired.flatMap(one => {
    // What leads out of the host is no part of the attachment.
    if (one.kind !== 'link' || one.type === 'given' || (one.scope === 'network' && one.type !== 'bridge'))
      return []
    const { netns, name, settings, peer } = one
    const before = observed.links.get(at(netns, name))
    const mtu = before?.mtu ?? settings.mtu ?? DEFAULT_MTU
    const link = {
      name,
      mac: before?.mac ?? settings.mac,
      mtu,
      ...(netns === HOST ? {} : { sandbox: netns }),
    }
    return peer ? [link, { name: peer.name, mac: peer.settings.mac, mtu, sandbox: peer.netns }] : [link]
  })

/** What the kernel gives a bridge and a veth: ETH_DATA_LEN. */
const DEFAULT_MTU = 1500
