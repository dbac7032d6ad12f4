/** ADD: attach one container to one network (specification, section 2 "ADD"). */

import type { Owner } from '../ipam/lease.ts'
import { refuseForbidden } from '../src/linux/allowlist.ts'
import { ensure, refuseTakenName, remove } from '../src/linux/machine.ts'
import { lacksRules } from '../src/linux/revival.ts'
import { trace } from '../src/linux/trace.ts'
import { routed } from '../src/networks/gateway.ts'
import { describe, endpointOf, nobody } from '../src/networks/index.ts'
import type { Attachment, NetConf, Routed } from '../src/networks/network.ts'
import type { Desired } from '../src/plan/kinds/index.ts'
import { HOST } from '../src/plan/netns.ts'
import { at, type Observed } from '../src/plan/observed.ts'
import { asksByCable, existingNetns, withTables } from './attachment.ts'
import { inTerms, isChained, plugged, tuned } from './chained.ts'
import type { Config } from './config.ts'
import { CniError } from './errors.ts'
import { addressesOf } from './ipam.ts'
import { ensureRecorded, ensureTuned, recordOf } from './recording.ts'
import type { Request } from './request.ts'
import { dnsOf, extend, type Interface, parseResult, type Result } from './result.ts'
import { settle } from './settle.ts'
import { warn } from './warn.ts'

export const add = async (request: Request, config: Config): Promise<Result> => {
  const netns = await existingNetns(request)
  const attachment = await plugged(request, config, netns)
  const net = inTerms(await settle(config.net, netns), attachment)
  refuseForbidden(net.sysctl)
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
      trace('leased')
      return undoing(
        'releasing the address',
        () => addresses.release(),
        async () => {
          const addresses = lease.addresses.map(({ address }) => address)
          const routable = await withTables(net, attachment, addresses)
          const desired = describe(net, routable, lease)
          trace('described')
          const record = await recordOf(
            request,
            config,
            routable,
            endpointOf(net, routable, lease),
            desired,
            lease,
          )
          const observed = await ensureRecorded(record, desired, cableFirst ? () => {} : refuse)
          await reviveOthers(attachment.owner, desired, observed)
          await warn(net, record.endpoint, observed).catch(() => {}) // all is done
          return toResult(config, interfacesOf(desired, observed, net.hostSeed), routed(net, lease))
        },
      )
    },
  )
}

/** Another plugin made the interface. */
const addServices = async (request: Request, config: Config, net: NetConf, attachment: Attachment) => {
  const { netns = HOST, found } = attachment
  const routable = await withTables(net, attachment, found?.addresses ?? [])
  const desired = describe(net, routable)
  const record = await recordOf(request, config, routable, endpointOf(net, routable, nobody), desired, nobody)
  const observed = await ensureTuned(record, desired, netns)
  await warn(net, record.endpoint, observed).catch(() => {}) // all is done
  return tuned(config, attachment, net)
}

/** A bridge without its rules: somebody has flushed them. What goes wrong here `repair` tells: ADD is done. */
const reviveOthers = async (owner: Owner, desired: readonly Desired[], observed: Observed) => {
  const isUsed = desired.some(
    one => one.kind === 'link' && one.scope === 'network' && observed.links.has(at(one.netns, one.name)),
  )
  if (!isUsed || !lacksRules(desired, observed)) return
  const { revive } = await import('./revive.ts')
  await revive(owner).catch(() => {})
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
    dns: dnsOf(config, dns),
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
