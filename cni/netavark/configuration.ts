/** A network of podman as a configuration of ours. Pure: the same network is the same configuration. */

import { familyOf } from '../../ipam/cidr.ts'
import { bridgeName } from '../../src/networks/marks.ts'
import { CniError, codes } from '../errors.ts'
import type { PodmanNetwork } from '../schema/netavark.ts'
import { newest } from '../versions.ts'
import { parseOptions, type Ways } from './options.ts'

/** Modes whose containers are on the host's own network, by the interface that `network_interface` names. */
const ON_MASTER = ['flat', 'vlan', 'macvlan', 'ipvlan', 'vlanlink']
/** Modes that see to their default route themselves. */
const SELF_ROUTED = ['nat', 'local']

/** The plain bridge, which has no mode, is asked for as `mode=bridge`. */
export const modeOf = ({ options, internal }: Pick<PodmanNetwork, 'options' | 'internal'>): string =>
  options.mode ?? (internal ? 'local' : 'nat')

/** Whether what the network is named after is the interface that leads out, not its bridge. */
export const isOnMaster = (network: PodmanNetwork) => ON_MASTER.includes(modeOf(network))

/**
 * @param free subnets of which the container asks for no address: only there `lease_range` counts, for elsewhere
 * podman has chosen already, by `--ip` also beyond it
 * @returns the object that a runtime of CNI would send
 * @throws CniError(unsupportedField, badConfig)
 */
export const configurationOf = (
  network: PodmanNetwork,
  free: (subnet: string) => boolean = () => true,
): Record<string, unknown> => {
  const mode = modeOf(network)
  const { fields, ways } = parseOptions(network.options)
  if (network.internal && mode === 'nat')
    throw new CniError(
      codes.badConfig,
      'internal: true excludes the option mode "nat"',
      'leave the option out: an internal network is mode "local"',
    )
  if (mode === 'chained')
    throw new CniError(
      codes.badConfig,
      'option mode: "chained" has no meaning for podman',
      'it is for lists of plugins of CNI: what it adds, every other mode has',
    )
  const { network_interface: dev, network_dns_servers: nameservers } = network
  return {
    cniVersion: newest,
    name: network.name,
    type: 'vethwork',
    // The reference's plain bridge is cni0, of all networks the same.
    ...(mode === 'bridge' ? { bridge: bridgeName(network.name) } : { mode }),
    ...(dev ? { [ON_MASTER.includes(mode) ? 'master' : 'bridge']: dev } : {}),
    ...(mode === 'nat' && (ways.withoutDefault || ways.metric) ? { isDefaultGateway: false } : {}),
    ...fields,
    ...(nameservers.length ? { dns: { nameservers } } : {}),
    ...ipamOf(network, mode, ways, free),
  }
}

/** podman's `ipam_options.driver`: its own `host-local`, `dhcp` of the reference plugins, or `none`. */
const ipamOf = (
  network: PodmanNetwork,
  mode: string,
  ways: Ways,
  free: (subnet: string) => boolean,
): object => {
  const { subnets, routes, ipam_options: ipam } = network
  if (ipam.driver === 'dhcp') return { ipam: { type: 'dhcp' } }
  if (ipam.driver === 'none' || !subnets.length) return {}
  const ranges = subnets.map(({ subnet, gateway, lease_range }) => [
    {
      subnet,
      ...(gateway ? { gateway } : {}),
      ...(lease_range?.start_ip && free(subnet) ? { rangeStart: lease_range.start_ip } : {}),
      ...(lease_range?.end_ip && free(subnet) ? { rangeEnd: lease_range.end_ip } : {}),
    },
  ])
  const given = routes.map(({ destination, gateway, metric }) => ({
    dst: destination,
    gw: gateway,
    ...(metric ? { priority: metric } : {}),
  }))
  return {
    ipam: { type: 'vethwork-ipam', ranges, routes: [...defaultRoutes(network, mode, ways), ...given] },
  }
}

/** To the gateway of each family, wherever that is; an internal network has none. */
const defaultRoutes = ({ subnets, internal }: PodmanNetwork, mode: string, ways: Ways) => {
  if (internal || ways.withoutDefault || (SELF_ROUTED.includes(mode) && !ways.metric)) return []
  return ([4, 6] as const).flatMap(family => {
    const gw = subnets.find(({ subnet, gateway }) => gateway && familyOf(subnet) === family)?.gateway
    const dst = family === 4 ? '0.0.0.0/0' : '::/0'
    return gw ? [{ dst, gw, ...(ways.metric ? { priority: ways.metric } : {}) }] : []
  })
}
