/** Whose an attachment is, where it goes, and what the runtime asked for it. */

import type { Owner } from '../ipam/lease.ts'
import { netnsInode } from '../src/linux/netns.ts'
import { waysOf } from '../src/linux/tables.ts'
import { plugMac } from '../src/networks/macs.ts'
import { hostVeth } from '../src/networks/marks.ts'
import type { Attachment, NetConf } from '../src/networks/network.ts'
import type { Netns } from '../src/plan/netns.ts'
import type { Config } from './config.ts'
import type { Request } from './request.ts'

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
    askedMac(request, config) ??
    (asksByCable(config) ? plugMac(hostVeth(ownerOf(request, config))) : undefined),
})

/** The delegate asks for the addresses through the container's interface, which must be there already. */
export const asksByCable = ({ ipam }: Config) => ipam.kind === 'delegate' && ipam.type === 'dhcp'

/** The container's namespace, looked at. @throws CniError(badNetns) */
export const existingNetns = async ({ netns, netnsOverride }: Request): Promise<`/${string}`> => {
  await netnsInode(netns, netnsOverride)
  return netns as `/${string}`
}

/** The configuration gives way to CNI_ARGS, that to `args.cni`, and that to runtimeConfig (CONVENTIONS.md). */
const askedMac = ({ args }: Request, { plugin, runtimeConfig, args: inArgs, net }: Config) => {
  // Podman says it to every plugin of a list; these have nothing to do with it.
  if (STRANGERS.includes(plugin)) return undefined
  const asked = runtimeConfig.mac ?? (inArgs.mac as string | undefined) ?? args.MAC ?? net.mac
  return asked.toLowerCase() || undefined
}

const STRANGERS: readonly string[] = ['portmap', 'bandwidth', 'firewall', 'sbr']

/** With `sourceRouting` each address has a routing table: that is looked for in the container. */
export const withTables = async (
  { sourceRouting, table }: NetConf,
  attachment: Attachment,
  addresses: readonly string[],
): Promise<Attachment> => {
  const { netns, owner, found } = attachment
  if (!sourceRouting || !netns) return attachment
  const { tables, routes } = await waysOf(netns, owner.ifname, addresses, table)
  return { ...attachment, tables, found: found && { ...found, routes } }
}

/** The same order of precedence. `ip` or `ip/prefix`. */
export const requestedIps = ({ args }: Request, config: Config): readonly string[] => {
  const { ips = [] } = config.runtimeConfig
  if (ips.length) return ips
  const inArgs = config.args.ips
  if (Array.isArray(inArgs) && inArgs.length) return inArgs.map(String)
  return args.IP ? args.IP.split(',') : []
}
