/** Our own IPAM, called in this process: ipam/'s lease store, with what the kernel knows at its elbow. */

import { formatCidr, parseAddress } from '../ipam/address.ts'
import type { Evidence, HeldLease } from '../ipam/evidence.ts'
import type { IpamConf, Lease } from '../ipam/lease.ts'
import { openLeases } from '../ipam/leases.ts'
import { asLeased, parseRanges, type RangeSet, withOwnRanges } from '../ipam/range.ts'
import { isHostAddress, liveNamespaces, plugLinks } from '../src/linux/evidence.ts'
import { readHostFile } from '../src/linux/hostfile.ts'
import { netnsInodeIfThere } from '../src/linux/netns.ts'
import { stateDir } from '../src/linux/state.ts'
import { hostVeth } from '../src/networks/marks.ts'
import { isSame, ownerOf, requestedIps } from './attachment.ts'
import type { Config } from './config.ts'
import { CniError, codes } from './errors.ts'
import { refuseGateways, withGateways } from './gateways.ts'
import type { Addresses } from './ipam.ts'
import type { Request } from './request.ts'

export const builtIn = (request: Request, config: Config, conf: IpamConf): Addresses => {
  const owner = ownerOf(request, config)
  const leases = openLeases({
    network: config.name,
    dataDir: conf.dataDir ?? stateDir(),
    hostLocalDir: conf.dataDir,
    evidence: evidenceOf(config.name),
  })
  // A subnet that several hosts share is divided among them in their host files.
  const sets = () => parseRanges(withOwnRanges(conf.ranges, readHostFile().ranges[config.name] ?? []))

  return {
    async acquire() {
      const ranges = sets()
      const dns = await readDns(conf)
      const path = request.netns
      const netns = path ? { path, inode: (await netnsInodeIfThere(path)) ?? null } : undefined
      refuseGateways(request, config, ranges)
      const leased = await leases.acquire(owner, ranges, { ips: requestedIps(request, config), netns })
      const addresses = withGateways(request, leased)
      return { addresses, routes: conf.routes, dns, otherGateways: gatewaysOf(ranges) }
    },

    async preview() {
      const ips = requestedIps(request, config)
      refuseGateways(request, config, sets())
      const addresses = withGateways(request, await leases.preview(owner, sets(), { ips }))
      const words = `lease ${addresses.map(({ address }) => address).join(' and ')} to ${owner.containerId}, ${owner.ifname}`
      return {
        lease: {
          addresses,
          routes: conf.routes,
          dns: await readDns(conf),
          otherGateways: gatewaysOf(sets()),
        },
        words: [{ words, why: 'ipam: recorded before anything is made', command: '(in the lease store)' }],
      }
    },

    async release() {
      await leases.release(owner)
    },

    async find() {
      const held = await leases.find(owner)
      if (!held) return undefined
      const addresses = withGateways(request, complete(held, sets()))
      return { addresses, routes: conf.routes, dns: await readDns(conf), otherGateways: gatewaysOf(sets()) }
    },

    async check() {
      if (await leases.find(owner)) return
      throw new CniError(
        codes.differs,
        `no address of network '${config.name}' is leased to container '${owner.containerId}', interface '${owner.ifname}'`,
        'DEL it and ADD it again',
      )
    },

    async status() {
      const ranges = sets()
      const status = await leases.status(ranges)
      let at = 0
      for (const [n, set] of ranges.entries()) {
        const mine = status.slice(at, at + set.ranges.length)
        at += set.ranges.length
        if (mine.some(({ size, used }) => used < size)) continue
        throw new CniError(
          codes.notReady,
          `ipam.ranges[${n}] has no free address: ${mine.map(({ range, used }) => `${range}, ${used} leased`).join('; ')}`,
          'delete containers, run GC, or add a range',
        )
      }
    },

    async gc(valid) {
      await leases.reclaim(({ owner: held }) => !valid.some(isSame(held)))
    },

    async holders() {
      return (await leases.list()).map(({ owner, record }) => ({ ...owner, netns: record.netns ?? '' }))
    },
  }
}

const gatewaysOf = (ranges: readonly RangeSet[]) =>
  ranges.flatMap(set =>
    set.ranges.map(({ gateway, subnet }) => formatCidr({ address: gateway, prefix: subnet.prefix })),
  )

/** Loaded when there is one to read. */
const readDns = async ({ resolvConf }: IpamConf): Promise<Lease['dns']> =>
  resolvConf ? (await import('../ipam/resolvconf.ts')).readResolvConf(resolvConf) : {}

/** Prefix and gateway of a leased address; of one whose range is gone from the configuration, the address alone. */
const complete = ({ addresses }: HeldLease, ranges: readonly RangeSet[]): Lease['addresses'] => {
  // In the order of the configuration: names and MAC addresses are made from the first one.
  const place = (text: string) => ranges.findIndex(set => asLeased([set], parseAddress(text)))
  const ordered = addresses.toSorted((a, b) => place(a) - place(b))
  return ordered.map(
    text => asLeased(ranges, parseAddress(text)) ?? { address: `${text}/${text.includes(':') ? 128 : 32}` },
  )
}

/** What the kernel knows of this network's leases. */
const evidenceOf = (network: string): Evidence => {
  let live: Promise<ReadonlySet<number>> | undefined
  let plugs: ReturnType<typeof plugLinks> | undefined
  return {
    /** Its namespace is neither where it was nor anywhere, and the host's end of its cable is gone with it. */
    async isGone({ owner, record: { netns, netnsInode: inode } }) {
      if (inode === null || netns === null || (await netnsInodeIfThere(netns)) === inode) return false
      live ??= liveNamespaces()
      if ((await live).has(inode)) return false
      plugs ??= plugLinks(network)
      return !(await plugs).some(({ name }) => name === hostVeth(owner))
    },
    async rebuild() {
      return (await plugLinks(network)).flatMap(({ mark }) =>
        mark ? [{ owner: mark.owner, addresses: mark.addresses.map(one => one.split('/')[0]!) }] : [],
      )
    },
    taken: isHostAddress,
  }
}
