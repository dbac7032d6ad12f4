/** What a network mode is: a few defaults, and a description of what the network and one plug in it consist of. */

import type { Lease, Owner } from '../../ipam/lease.ts'
import type { Desired } from '../plan/kinds/index.ts'
import type { Netns } from '../plan/netns.ts'

/** The bridge plugin's fields, defaulted; frozen when it gets here. */
export interface NetConf {
  readonly name: string
  readonly mode: Mode
  readonly bridge: string
  readonly isGateway: boolean
  readonly isDefaultGateway: boolean
  readonly forceAddress: boolean
  readonly ipMasq: boolean
  readonly ipMasqBackend: 'iptables' | 'nftables'
  /** 0: the kernel's choice. */
  readonly mtu: number
  readonly hairpinMode: boolean
  readonly promiscMode: boolean
  readonly enabledad: boolean
  readonly macspoofchk: boolean
  readonly portIsolation: boolean
  readonly disableContainerInterface: boolean
}

export type Mode = 'bridge' | 'nat' | 'local'

/** One plug: whose it is, where its container side goes, and the MAC address it asked for. */
export interface Attachment {
  readonly owner: Owner
  /** Undefined when the container's namespace is gone already. */
  readonly netns?: Netns
  readonly mac?: string
}

/** A lease with every gateway and route that the container gets. */
export type Routed = Lease

export interface Network {
  /** What the mode sets where the configuration is silent. */
  readonly defaults: (name: string) => Partial<NetConf>
  /** What all attachments share, in the order in which it is made. */
  readonly shared: (conf: NetConf, lease: Routed) => Desired[]
  /** What one attachment has for itself, in the order in which it is made. */
  readonly plug: (conf: NetConf, attachment: Attachment, lease: Routed) => Desired[]
}
