/** Ops of addresses as messages (ip-address(8)). Pure. */

import { lastOf, parseCidr } from '../../../../ipam/address.ts'
import type { AddrOp } from '../../../plan/kinds/addr.ts'
import { addr, IFA_F_NODAD, IFA_F_NOPREFIXROUTE, RTM_DELADDR, RTM_NEWADDR } from '../headers/if_addr.ts'
import { AF_INET, AF_INET6, RT_SCOPE } from '../headers/rtnetlink.ts'
import { NLM_F_CREATE, NLM_F_EXCL, type Request, request } from '../message.ts'
import type { Lookup } from './lookup.ts'

/** Some words only ip(8) knows. */
export const hasAddrMessage = (op: AddrOp): boolean =>
  op.op === 'addr.del' || op.words === undefined || read(op.words) !== undefined

export const addrRequest = (op: AddrOp, { index }: Lookup): Request => {
  const { address, prefix } = parseCidr(op.address)
  const isV4 = address.family === 4
  const place = {
    ifa_family: isV4 ? AF_INET : AF_INET6,
    ifa_prefixlen: prefix,
    ifa_index: index(op.dev),
    IFA_LOCAL: address.text,
    IFA_ADDRESS: address.text,
  }
  if (op.op === 'addr.del') return request(RTM_DELADDR, addr, place)
  const said: Said = op.words === undefined ? { broadcast: broadcastOf(op.address) } : (read(op.words) ?? {})
  const body = {
    ...place,
    ifa_flags: op.nodad && !isV4 ? IFA_F_NODAD : 0,
    // As ip(8) has it for the loopback's.
    ifa_scope: isV4 && address.text.startsWith('127.') ? RT_SCOPE.host : RT_SCOPE.global,
    IFA_BROADCAST: said.broadcast,
    IFA_RT_PRIORITY: said.metric,
    IFA_FLAGS: said.noprefixroute ? IFA_F_NOPREFIXROUTE | (op.nodad && !isV4 ? IFA_F_NODAD : 0) : undefined,
  }
  return request(RTM_NEWADDR, addr, body, NLM_F_CREATE | NLM_F_EXCL)
}

/** The last address of the subnet, unless the subnet is too small to have one. */
const broadcastOf = (address: string) => {
  const cidr = parseCidr(address)
  return cidr.address.family === 4 && cidr.prefix < 31 ? lastOf(cidr).text : undefined
}

interface Said {
  readonly broadcast?: string
  readonly metric?: number
  readonly noprefixroute?: true
}

/** What an address that was there before us says of itself: `brd 10.22.0.255 metric 100 noprefixroute`. */
const read = (words: string): Said | undefined => {
  const found = /^(?:brd (\S+) ?)?(?:metric (\d+) ?)?(noprefixroute)?$/.exec(words)
  if (!found) return undefined
  const [, broadcast, metric, noprefixroute] = found
  return {
    broadcast,
    metric: metric ? Number(metric) : undefined,
    noprefixroute: noprefixroute ? true : undefined,
  }
}
