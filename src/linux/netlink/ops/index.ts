/** Ops as messages: what ip(8) and bridge(8) would send for their lines. Pure. */

import type { Op } from '../../../plan/kinds/index.ts'
import { link, RTM_NEWLINK } from '../headers/if_link.ts'
import { type Request, request } from '../message.ts'
import { addrRequest } from './addr.ts'
import { linkRequest } from './link.ts'
import type { Lookup } from './lookup.ts'
import { fdbRequest, neighRequest } from './neigh.ts'
import { routeRequest } from './route.ts'
import { vlanRequest } from './vlan.ts'

/**
 * @returns undefined for what only the programs can do
 * @throws MissingDevice, NetnsError
 */
export const requestOf = (op: Op, lookup: Lookup): Request | undefined => {
  switch (op.op) {
    case 'link.add':
    case 'link.alias':
    case 'link.rename':
    case 'link.set':
    case 'link.del':
      return linkRequest(op, lookup)
    case 'addr.add':
    case 'addr.del':
      return addrRequest(op, lookup)
    case 'route.add':
    case 'route.del':
    case 'route.replace':
      return routeRequest(op, lookup)
    case 'neigh.del':
    case 'probe.ask':
    case 'probe.forget':
      return neighRequest(op, lookup)
    case 'fdb.append':
    case 'fdb.del':
      return fdbRequest(op, lookup)
    case 'vlan.add':
    case 'vlan.del':
      return vlanRequest(op, lookup)
    // Setting the address it has makes the kernel announce it.
    case 'arrival.announce':
      return request(RTM_NEWLINK, link, { ifi_index: lookup.index(op.name), IFLA_ADDRESS: op.mac })
    default:
      return undefined
  }
}
