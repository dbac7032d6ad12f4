/** What podman and netavark send a plugin (netavark's plugin-API.md, types.rs); what we do not read passes. */

// biome-ignore lint/style/noRestrictedImports: one of the schemas
import * as v from 'valibot'
import { integer, object, texts } from './fields.ts'

const text = v.string()
/** podman leaves out what is not set, netavark writes null. */
const flag = v.nullish(v.boolean(), false)
const words = v.nullish(texts, [])
const options = v.nullish(v.record(text, text), {})
const port = integer(0, 65535)

const leaseRange = object({ start_ip: v.nullish(text), end_ip: v.nullish(text) })

const subnet = object({ subnet: text, gateway: v.nullish(text), lease_range: v.nullish(leaseRange) })

const route = object({ destination: text, gateway: text, metric: v.nullish(integer(0, 4294967295)) })

/** A network as podman keeps it: `create` gets and returns one. */
export const podmanNetwork = object({
  name: text,
  id: text,
  driver: text,
  network_interface: v.nullish(text),
  subnets: v.nullish(v.array(subnet), []),
  routes: v.nullish(v.array(route), []),
  ipv6_enabled: flag,
  internal: flag,
  dns_enabled: flag,
  network_dns_servers: words,
  options,
  ipam_options: options,
})

const portMapping = object({
  container_port: port,
  host_port: port,
  host_ip: v.nullish(text, ''),
  protocol: v.nullish(text, ''),
  range: v.nullish(port, 1),
})

/** What `setup` and `teardown` get: the network, and what this one container wants of it. */
export const pluginExec = object({
  container_id: text,
  container_name: v.nullish(text, ''),
  port_mappings: v.nullish(v.array(portMapping), []),
  network: podmanNetwork,
  network_options: object({
    interface_name: text,
    static_ips: words,
    static_mac: v.nullish(text),
    aliases: words,
    options,
  }),
})

export type PodmanNetwork = v.InferOutput<typeof podmanNetwork>
export type PluginExec = v.InferOutput<typeof pluginExec>
