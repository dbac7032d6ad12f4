/** The services' fields of a network's configuration, defaulted. Types only. */

import type { Condition } from './conditions.ts'
import type { GroupRule } from './grouprules.ts'

export interface ServicesConf {
  /** Published ports: the host and the container itself get their answers by source NAT (portmap's `snat`). */
  readonly snat: boolean
  /** Everybody's address is masqueraded towards a published port (portmap's `masqAll`). */
  readonly masqAll: boolean
  /** What a packet must be besides to be mapped (portmap's `conditionsV4`, `conditionsV6`). */
  readonly conditionsV4: readonly Condition[]
  readonly conditionsV6: readonly Condition[]
  /** Who may open connections to the containers (firewall's `ingressPolicy`); empty: whoever can reach them. */
  readonly ingressPolicy: '' | 'open' | 'same-bridge' | 'isolated'
  /** A container sends with its own MAC address only. */
  readonly macspoofchk: boolean
  /** A container sends from its own addresses only, and answers ARP and ND for no others. */
  readonly ipspoofchk: boolean
  /** By name; undefined: the network has none, and everything may pass. */
  readonly securityGroups?: Readonly<Record<string, readonly GroupRule[]>>
  /** Of the container (tuning's `sysctl`): as written; for the services by path below /proc/sys, `IFNAME` for its interface. */
  readonly sysctl: Readonly<Record<string, string>>
  /** Of the container's interface (tuning); empty, undefined and a `promisc` of false: not ours to set. */
  readonly mac: string
  readonly txQLen?: number
  readonly promisc: boolean
  readonly allmulti?: boolean
  /** What comes from an address of this interface leaves by it (the plugin sbr). */
  readonly sourceRouting: boolean
  /** The first routing table for it; 0: the first that is free from 100 (sbr's `table`). */
  readonly table: number
  /** Not shaped, or alone shaped: subnets of the other side (bandwidth). */
  readonly unshapedSubnets: readonly string[]
  readonly shapedSubnets: readonly string[]
}
