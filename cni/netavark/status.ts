/** What `setup` answers: podman's StatusBlock (netavark's types.rs) from a result of CNI. Pure. */

import type { Result } from '../result.ts'

export interface StatusBlock {
  readonly dns_server_ips: readonly string[]
  readonly dns_search_domains: readonly string[]
  /** By name, the container's own interface alone. */
  readonly interfaces: Readonly<Record<string, NetInterface>>
}

interface NetInterface {
  readonly mac_address: string
  readonly subnets: readonly { readonly ipnet: string; readonly gateway?: string }[]
}

/**
 * @param ifname of the container
 * @param internal there is no way out: then podman is told no gateway
 */
export const statusOf = (
  { interfaces, ips, dns }: Result,
  ifname: string,
  internal: boolean,
): StatusBlock => {
  const at = interfaces.findIndex(({ name, sandbox }) => name === ifname && sandbox)
  const subnets = ips
    .filter(ip => ip.interface === at)
    .map(({ address, gateway }) => ({ ipnet: address, ...(gateway && !internal ? { gateway } : {}) }))
  return {
    dns_server_ips: dns.nameservers ?? [],
    dns_search_domains: dns.search ?? [],
    interfaces: { [ifname]: { mac_address: interfaces[at]?.mac ?? '', subnets } },
  }
}
