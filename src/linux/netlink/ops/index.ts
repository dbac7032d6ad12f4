/** Ops as messages: what ip(8) and bridge(8) would send for their lines. Pure. */

import type { Op } from '../../../plan/kinds/index.ts'
import { link, RTM_NEWLINK } from '../headers/if_link.ts'
import { type Request, request } from '../message.ts'
import { addrRequest, hasAddrMessage } from './addr.ts'
import { hasLinkMessage, linkRequest } from './link.ts'
import type { Lookup } from './lookup.ts'
import { fdbRequest, neighRequest } from './neigh.ts'
import { hasRouteMessage, routeRequest } from './route.ts'
import { vlanRequest } from './vlan.ts'

/** Whether there is a message for it: what has none only the programs can do. */
export const hasMessage = (op: Op): boolean => {
  switch (op.op) {
    case 'link.add':
      return hasLinkMessage(op)
    case 'addr.add':
    case 'addr.del':
      return hasAddrMessage(op)
    case 'route.add':
    case 'route.del':
    case 'route.replace':
      return hasRouteMessage(op)
    default:
      return others.has(op.op)
  }
}

const others = new Set<string>([
  'link.alias',
  'link.rename',
  'link.set',
  'link.del',
  'neigh.del',
  'probe.ask',
  'probe.forget',
  'fdb.append',
  'fdb.del',
  'vlan.add',
  'vlan.del',
  'arrival.announce',
  // Their messages are in tc.ts, for who needs them.
  'qdisc.add',
  'qdisc.del',
  'class.add',
  'filter.add',
  'filter.del',
])

/**
 * @param op one that has a message
 * @throws MissingDevice, NetnsError
 */
export const requestOf = (op: Op, lookup: Lookup): Request => {
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
      throw new TypeError(`${op.op} has no message`)
  }
}
