/** What an attachment may have besides its cable, whoever plugged it in. */

import type { Owner, Route } from '../../ipam/lease.ts'
import type { NetConf } from '../networks/network.ts'
import type { Desired } from '../plan/kinds/index.ts'
import type { Netns } from '../plan/netns.ts'
import type { Originals } from '../plan/originals.ts'
import type { Wants } from './wants.ts'

/** One plug, as the services see it. */
export interface Endpoint {
  readonly owner: Owner
  /** The container's; undefined when it is gone already. Its interface in there is `owner.ifname`. */
  readonly netns?: Netns
  /** The host's end of its cable; undefined where it has none (macvlan, ipvlan). */
  readonly port?: string
  /** The bridge it is plugged into. */
  readonly bridge?: string
  /** `10.22.0.2/24` */
  readonly addresses: readonly string[]
  /** By address family of `addresses`, where there is one. */
  readonly gateways: readonly string[]
  /** Undefined where it is not ours to choose. */
  readonly mac?: string
  /** Routes that were asked for it. */
  readonly routes?: readonly Route[]
  /** For source-based routing: the routing table of each of `addresses`. */
  readonly tables?: readonly number[]
  /** Of an interface that outlives the attachment: what of it was changed, as it was before. */
  readonly originals?: Originals
}

export interface Service {
  /** What all attachments of the network share for it. */
  readonly shared?: (conf: NetConf, endpoint: Endpoint, wants: Wants) => Desired[]
  /** Rules about one attachment, in force before its interface is up: one transaction with those of all services. */
  readonly rules?: (conf: NetConf, endpoint: Endpoint, wants: Wants) => Desired[]
  /** All else of one attachment, made when its interface is there. */
  readonly plug?: (conf: NetConf, endpoint: Endpoint, wants: Wants) => Desired[]
}
