/** Ops as messages: what ip(8) and bridge(8) would send for their lines. */

import type { Op } from '../../../plan/kinds/index.ts'
import { isTcOp } from '../../../plan/kinds/tc.ts'
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
  'rule.add',
  'rule.del',
  'qdisc.add',
  'qdisc.del',
  'class.add',
  'filter.add',
  'filter.del',
])

/** Few have rates, or rules of their own: what makes messages of them is loaded for them. */
const loaded: { tc?: typeof import('./tc.ts'); rule?: typeof import('./rule.ts') } = {}

/** Whether there is a message for each; then they can be made. */
export const haveMessages = async (ops: readonly Op[]): Promise<boolean> => {
  if (!ops.every(hasMessage)) return false
  if (ops.some(isTcOp)) loaded.tc ??= await import('./tc.ts')
  if (ops.some(isRuleOp)) loaded.rule ??= await import('./rule.ts')
  return true
}

const isRuleOp = ({ op }: Op) => op === 'rule.add' || op === 'rule.del'

/**
 * @param op one of those that have messages
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
    case 'rule.add':
    case 'rule.del':
      return loaded.rule!.ruleRequest(op)
    case 'qdisc.add':
    case 'qdisc.del':
    case 'class.add':
    case 'filter.add':
    case 'filter.del':
      return loaded.tc!.tcRequest(op, lookup)
    default:
      throw new TypeError(`${op.op} has no message`)
  }
}
