/** `create`: what the user of podman left open is filled in, and what would not work is refused now. */

import { familyOf, firstAddressOf } from '../../ipam/cidr.ts'
import { parseRanges } from '../../ipam/range.ts'
import { parseConfig } from '../config.ts'
import { refuseContradictions } from '../contradictions.ts'
import { CniError, codes } from '../errors.ts'
import type { PodmanNetwork } from '../schema/netavark.ts'
import { configurationOf, isOnMaster, modeOf } from './configuration.ts'

/** Networks of this host alone: any free subnet will do. */
const ALONE = ['nat', 'local', 'bridge']

export interface Surroundings {
  /** Subnets of which none may be chosen. */
  readonly used: () => Promise<readonly string[]>
  readonly choose: (family: 4 | 6, used: readonly string[]) => string
}

/**
 * @returns the same network, completed. Name, ID and driver stay: podman refuses another.
 * @throws CniError that says which field or option is wrong
 */
export const create = async (network: PodmanNetwork, surroundings: Surroundings): Promise<PodmanNetwork> => {
  parseConfig(JSON.stringify(configurationOf(network))) // its options, before anything is chosen for them
  const complete = withSubnets(network, await chosen(network, surroundings))
  const config = parseConfig(JSON.stringify(configurationOf(complete)))
  refuseContradictions(config.net, config.ipam, config.wants)
  if (config.ipam.kind === 'ours') parseRanges(config.ipam.conf.ranges)
  const dev = complete.network_interface || (isOnMaster(complete) ? config.net.master : config.net.bridge)
  return {
    ...complete,
    ...(dev ? { network_interface: dev } : {}),
    ipv6_enabled: complete.subnets.some(({ subnet }) => familyOf(subnet) === 6),
    // There is no server of names: containers ask those of the network, or the host's.
    dns_enabled: complete.network_dns_servers.length > 0,
    ipam_options: { ...complete.ipam_options, driver: driverOf(complete) },
  }
}

/** podman leases addresses of `host-local` itself and tells `setup` which. */
const driverOf = ({ subnets, ipam_options: { driver } }: PodmanNetwork) =>
  driver || (subnets.length ? 'host-local' : 'none')

/** Each with a gateway, also where the network is internal: an address that podman does not lease. */
const withSubnets = (network: PodmanNetwork, more: readonly string[]): PodmanNetwork => {
  const added: PodmanNetwork['subnets'] = more.map(subnet => ({ subnet }))
  return {
    ...network,
    subnets: [...network.subnets, ...added].map(one => ({
      ...one,
      gateway: one.gateway || gatewayOf(one.subnet),
    })),
  }
}

/** What is no subnet is refused later, with its place. */
const gatewayOf = (subnet: string) => {
  try {
    return firstAddressOf(subnet)
  } catch {
    return undefined
  }
}

/** Families that are wanted and have no subnet. */
const chosen = async (network: PodmanNetwork, { used, choose }: Surroundings): Promise<string[]> => {
  const { subnets, ipv6_enabled, ipam_options: ipam } = network
  if (ipam.driver === 'none' || ipam.driver === 'dhcp') return []
  const has = (family: 4 | 6) => subnets.some(({ subnet }) => familyOf(subnet) === family)
  const missing = [...(subnets.length ? [] : [4 as const]), ...(ipv6_enabled && !has(6) ? [6 as const] : [])]
  if (!missing.length) return []
  if (!ALONE.includes(modeOf(network)))
    throw new CniError(
      codes.badConfig,
      `subnets: mode "${modeOf(network)}" needs one: it is not for us to choose on a network that others share`,
      'give --subnet (and --ip-range, where several hosts share it), or --ipam-driver dhcp or none',
    )
  const taken = await used()
  return missing.map(family => choose(family, taken))
}
