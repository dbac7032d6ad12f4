/** What IPAM speaks of: owners, requests and leases. Types only. */

/** Who holds a lease, and whose an interface is: the CNI specification's "attachment". */
export interface Owner {
  readonly network: string
  readonly containerId: string
  readonly ifname: string
}

export interface Route {
  /** Destination in CIDR notation, `0.0.0.0/0` or `::/0` for the default route. */
  readonly dst: string
  readonly gw?: string
  readonly mtu?: number
  readonly advmss?: number
  readonly priority?: number
  readonly table?: number
  readonly scope?: number
}

export interface Dns {
  readonly nameservers?: readonly string[]
  readonly domain?: string
  readonly search?: readonly string[]
  readonly options?: readonly string[]
}

export interface LeasedAddress {
  /** Address with the prefix length of its subnet: `10.22.0.2/24`. */
  readonly address: string
  readonly gateway?: string
}

/** What an IPAM plugin answers to ADD, whichever it was. */
export interface Lease {
  readonly addresses: readonly LeasedAddress[]
  readonly routes: readonly Route[]
  readonly dns: Dns
  /** Gateways, as `10.23.0.1/24`, of subnets from which others may have got theirs. */
  readonly otherGateways?: readonly string[]
}

/** One subnet of a pool as written in the configuration (host-local's fields). */
export interface RangeConf {
  readonly subnet: string
  readonly rangeStart?: string
  readonly rangeEnd?: string
  readonly gateway?: string
}

/** The built-in IPAM's configuration: host-local's, after its shape was checked. */
export interface IpamConf {
  /** One address is leased from each outer set. */
  readonly ranges: readonly (readonly RangeConf[])[]
  readonly routes: readonly Route[]
  /** A file in resolv.conf syntax that becomes the result's dns. */
  readonly resolvConf?: string
  readonly dataDir?: string
}
