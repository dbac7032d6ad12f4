/** What a network mode is: a few defaults, and a description of what the network and one plug in it consist of. */

import type { Lease, Owner } from '../../ipam/lease.ts'
import type { Desired } from '../plan/kinds/index.ts'
import type { Netns } from '../plan/netns.ts'
import type { ServicesConf } from '../services/conf.ts'
import type { Endpoint } from '../services/service.ts'
import type { Wants } from '../services/wants.ts'

/** The network's fields and those of its services, defaulted; frozen when it gets here. */
export interface NetConf extends ServicesConf {
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
  readonly portIsolation: boolean
  readonly disableContainerInterface: boolean
  /** Of a VLAN-aware bridge: the access VLAN of the container's port, 0 for none. */
  readonly vlan: number
  /** The VLANs that its port carries tagged. */
  readonly vlanTrunk: readonly number[]
  readonly preserveDefaultVlan: boolean
  /** The interface that leads out of the host: the trunk, the underlay, the physical LAN. */
  readonly master: string
  /** Its label in this host's file, instead. */
  readonly physicalNetwork: string
  /** 802.1Q, 1-4094 */
  readonly vlanId: number
  /** `3001-4000`: it is chosen. */
  readonly vlanIdRange: string
  /** VXLAN network identifier (RFC 7348), 1-16777215 */
  readonly vni: number
  readonly vniRange: string
  /** The key of GRE tunnels (RFC 2890), 0-4294967295 */
  readonly key: number
  /** The address of this host's end of a tunnel. */
  readonly local: string
  /** The multicast group by which VTEPs find each other. */
  readonly group: string
  /** The other ends' addresses; this host's own may be among them, so that all hosts share one list. */
  readonly peers: readonly string[]
  /** UDP port of VXLAN. */
  readonly port: number
  /** Off: a VTEP knows only what it is told (`vethwork fdb`), and answers ARP and ND itself. */
  readonly learning: boolean
  /** Of VXLAN: whether checksums are left to the card; undefined for what is known of the card. */
  readonly txChecksum?: boolean
  /** Why they must not be, where that was found out. */
  readonly checksumFault?: string
  readonly macvlanMode: 'bridge' | 'vepa' | 'private' | 'passthru'
  /** Broadcasts that a macvlan keeps waiting; 0: the kernel's choice. */
  readonly bcqueuelen: number
  readonly ipvlanMode: 'l2' | 'l3' | 'l3s'
  /** Every host has the gateway's address and MAC, and routes for its own containers. */
  readonly anycastGateway: boolean
  /** The one host that is the gateway, by its name; empty for every host that has `isGateway`. */
  readonly gatewayHost: string
  /** Something that no other host has; empty where the network does not leave this one. */
  readonly hostSeed: string
  /** `master` is in the container's namespace. */
  readonly linkInContainer: boolean
}

export type Mode =
  | 'bridge'
  | 'nat'
  | 'local'
  | 'flat'
  | 'vlan'
  | 'vxlan'
  | 'gre'
  | 'macvlan'
  | 'ipvlan'
  | 'vlanlink'
  | 'chained'

/** One plug: whose it is, where its container side goes, and the MAC address it asked for. */
export interface Attachment {
  readonly owner: Owner
  /** Undefined when the container's namespace is gone already. */
  readonly netns?: Netns
  readonly mac?: string
  readonly wants: Wants
  /** With `sourceRouting`: the routing table of each of its addresses. */
  readonly tables?: readonly number[]
  /** Of a plug that another plugin made: what was found of it. */
  readonly found?: Endpoint
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
  /** The same plug, as the services see it. */
  readonly endpoint: (conf: NetConf, attachment: Attachment, lease: Routed) => Endpoint
}
