/** `setup` and `teardown` of one container as a call of CNI. Pure. */

import { familyOf, overlaps } from '../../ipam/cidr.ts'
import { CniError, codes } from '../errors.ts'
import { parseRequest, type Request } from '../request.ts'
import type { PluginExec } from '../schema/netavark.ts'
import { configurationOf, modeOf } from './configuration.ts'
import { parseOptions } from './options.ts'

export interface Call {
  readonly request: Request
  /** Stdin, as a runtime of CNI would write it. */
  readonly text: string
}

/** What one container may want for itself (`podman run --network NAME:opt=…`); all else is the network's. */
const OF_CONTAINER = ['ingressRate', 'ingressBurst', 'egressRate', 'egressBurst']
/** Networks whose containers the host does not route to: netavark publishes no ports there either. */
const UNPUBLISHED = ['local', 'macvlan', 'ipvlan', 'vlanlink']

/**
 * @param published whether another attachment of the container publishes its ports already
 * @throws CniError(unsupportedField, badConfig, badEnvironment)
 */
export const callOf = (
  verb: 'ADD' | 'DEL',
  netns: string,
  exec: PluginExec,
  { path, published }: { readonly path: string; readonly published: boolean },
): Call => {
  const { container_id, network, network_options: wish } = exec
  const request = parseRequest({
    CNI_COMMAND: verb,
    CNI_CONTAINERID: container_id,
    CNI_NETNS: netns,
    CNI_IFNAME: wish.interface_name,
    CNI_PATH: path,
  })
  const configuration = configurationOf(network, subnet => !wish.static_ips.some(isIn(subnet)))
  const runtimeConfig = {
    ...(wish.static_ips.length ? { ips: wish.static_ips } : {}),
    ...(wish.static_mac ? { mac: wish.static_mac } : {}),
    ...(wish.aliases.length ? { aliases: wish.aliases } : {}),
    ...(isPublishing(exec) && !published ? { portMappings: portMappingsOf(exec) } : {}),
    // What was refused left nothing, and must not be stuck.
    ...(verb === 'ADD' ? bandwidthOf(wish.options) : {}),
  }
  return { request, text: JSON.stringify({ ...configuration, runtimeConfig }) }
}

/** Whether the network is one on which ports are published. */
export const isPublishing = ({ network, port_mappings }: PluginExec) =>
  port_mappings.length > 0 && !network.internal && !UNPUBLISHED.includes(modeOf(network))

const isIn = (subnet: string) => (address: string) =>
  familyOf(address) === familyOf(subnet) &&
  overlaps(subnet, `${address}/${familyOf(address) === 4 ? 32 : 128}`)

/** One of podman's may be of several protocols: `tcp,udp`. */
const portMappingsOf = ({ port_mappings }: PluginExec) =>
  port_mappings.flatMap(({ container_port, host_port, host_ip, protocol, range }) =>
    (protocol || 'tcp').split(',').map(one => ({
      hostPort: host_port,
      containerPort: container_port,
      protocol: one,
      range: range || 1,
      ...(host_ip ? { hostIP: host_ip } : {}),
    })),
  )

const bandwidthOf = (options: Readonly<Record<string, string>>) => {
  const strangers = Object.keys(options).filter(key => !OF_CONTAINER.includes(key))
  if (strangers.length)
    throw new CniError(
      codes.unsupportedField,
      `the option ${strangers.join(', ')} is not one of a container`,
      `of a container are ${OF_CONTAINER.join(', ')}; all others are of the network`,
    )
  return Object.keys(options).length ? { bandwidth: parseOptions(options).fields } : {}
}
