/** Whose an attachment is, where it goes, and what the runtime asked for it. */

import type { Owner } from '../ipam/lease.ts'
import { netnsInode } from '../src/linux/netns.ts'
import { plugMac } from '../src/networks/macs.ts'
import { hostVeth } from '../src/networks/marks.ts'
import type { Attachment } from '../src/networks/network.ts'
import type { Netns } from '../src/plan/netns.ts'
import type { Config } from './config.ts'
import { CniError, codes } from './errors.ts'
import type { Request } from './request.ts'
import { isMac } from './schema/fields.ts'

export const ownerOf = ({ containerId, ifname }: Request, { name }: Config): Owner => ({
  network: name,
  containerId,
  ifname,
})

/** The same attachment; what an old host-local left knows no interface, and is the whole container's. */
export const isSame = (one: Owner) => (other: Owner) =>
  one.containerId === other.containerId && (one.ifname === '' || one.ifname === other.ifname)

export const attachmentOf = (request: Request, config: Config, netns: Netns | undefined): Attachment => ({
  owner: ownerOf(request, config),
  netns,
  wants: config.wants,
  // A DHCP server leases to a MAC address: it cannot be made from what is leased.
  mac:
    requestedMac(request, config) ??
    (asksByCable(config) ? plugMac(hostVeth(ownerOf(request, config))) : undefined),
})

/** The delegate asks for the addresses through the container's interface, which must be there already. */
export const asksByCable = ({ ipam }: Config) => ipam.kind === 'delegate' && ipam.type === 'dhcp'

/** The container's namespace, looked at. @throws CniError(badNetns) */
export const existingNetns = async ({ netns, netnsOverride }: Request): Promise<`/${string}`> => {
  await netnsInode(netns, netnsOverride)
  return netns as `/${string}`
}

/** CNI_ARGS gives way to `args.cni`, and that to runtimeConfig (CONVENTIONS.md). */
const requestedMac = ({ args }: Request, config: Config): string | undefined => {
  const inArgs = config.args.mac
  if (inArgs !== undefined && (typeof inArgs !== 'string' || !isMac(inArgs)))
    throw new CniError(
      codes.badConfig,
      `args.cni.mac: ${JSON.stringify(inArgs)} must be a unicast MAC address`,
      'write it as 02:42:0a:16:00:02',
    )
  return (config.runtimeConfig.mac ?? (inArgs as string | undefined) ?? args.MAC)?.toLowerCase()
}

/** The same order of precedence. `ip` or `ip/prefix`. */
export const requestedIps = ({ args }: Request, config: Config): readonly string[] => {
  const { ips = [] } = config.runtimeConfig
  if (ips.length) return ips
  const inArgs = config.args.ips
  if (Array.isArray(inArgs) && inArgs.length) return inArgs.map(String)
  return args.IP ? args.IP.split(',') : []
}
