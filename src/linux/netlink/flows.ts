/** What the kernel remembers of who spoke to a port, forgotten (conntrack(8) "-D"). */

import { grouped } from '../../../ipam/record.ts'
import { type ConntrackOp, type Flow, isOf } from '../../plan/kinds/conntrack.ts'
import type { Netns } from '../../plan/netns.ts'
import { NetlinkError } from './errno.ts'
import {
  type ConntrackBody,
  CTA_FILTER_F_CTA_PROTO_DST_PORT,
  CTA_FILTER_F_CTA_PROTO_NUM,
  CTA_TUPLE,
  conntrack,
  IPCTNL_MSG_CT_DELETE,
  IPCTNL_MSG_CT_GET,
} from './headers/nf_conntrack.ts'
import { AF_INET, AF_INET6 } from './headers/rtnetlink.ts'
import { request } from './message.ts'
import { type Netlink, netlink } from './socket.ts'

/** <linux/in.h> */
const IPPROTO = { udp: 17, sctp: 132 } as const
const ENOENT = 2

/** @returns whether it could be tried: not without netlink. @throws NetlinkError, NetnsError */
export const forgetFlows = async (netns: Netns, ops: readonly ConntrackOp[]): Promise<boolean> => {
  const netfilter = await netlink(netns, 'netfilter')
  if (!netfilter) return false
  for (const same of grouped(ops, ({ family, protocol }) => `${family} ${protocol}`).values()) {
    const ports = new Set(same.map(({ port }) => port))
    for (const body of flowsTo(netfilter, same[0]!, ports)) {
      const flow = flowOf(body)
      if (ports.has(flow.port) && same.some(op => isOf(op)(flow))) forget(netfilter, body)
    }
  }
  return true
}

/**
 * All of a protocol; to one port, where there is but one. The kernel looks through all it has and tells those alone; one
 * before 5.8 tells all of the family.
 */
const flowsTo = (
  netfilter: Netlink,
  { family, protocol }: ConntrackOp,
  ports: ReadonlySet<number>,
): ConntrackBody[] => {
  const [port] = ports.size === 1 ? ports : []
  const proto = { CTA_PROTO_NUM: IPPROTO[protocol], CTA_PROTO_DST_PORT: port }
  const flags = CTA_FILTER_F_CTA_PROTO_NUM | (port === undefined ? 0 : CTA_FILTER_F_CTA_PROTO_DST_PORT)
  return netfilter
    .dump(
      request(IPCTNL_MSG_CT_GET, conntrack, {
        nfgen_family: family === 4 ? AF_INET : AF_INET6,
        CTA_TUPLE_ORIG: CTA_TUPLE.encode({ CTA_TUPLE_PROTO: proto }),
        CTA_FILTER: { CTA_FILTER_ORIG_FLAGS: flags },
      }),
    )
    .map(conntrack.decode)
    .filter(body => tupleOf(body.CTA_TUPLE_ORIG).protocol === IPPROTO[protocol])
}

const tupleOf = (tuple: Buffer = Buffer.alloc(0)) => {
  const { CTA_TUPLE_IP: ip = {}, CTA_TUPLE_PROTO: proto = {} } = CTA_TUPLE.decode(tuple)
  return {
    protocol: proto.CTA_PROTO_NUM,
    from: { address: ip.CTA_IP_V4_SRC ?? ip.CTA_IP_V6_SRC ?? '', port: proto.CTA_PROTO_SRC_PORT ?? 0 },
    to: { address: ip.CTA_IP_V4_DST ?? ip.CTA_IP_V6_DST ?? '', port: proto.CTA_PROTO_DST_PORT ?? 0 },
  }
}

const flowOf = ({ CTA_TUPLE_ORIG, CTA_TUPLE_REPLY }: ConntrackBody): Flow => {
  const { to } = tupleOf(CTA_TUPLE_ORIG)
  return { to: to.address, port: to.port, from: tupleOf(CTA_TUPLE_REPLY).from }
}

/** This one, and none that has come in its place. */
const forget = (netfilter: Netlink, { nfgen_family, CTA_TUPLE_ORIG, CTA_ID, CTA_ZONE }: ConntrackBody) => {
  try {
    netfilter.ask(
      request(IPCTNL_MSG_CT_DELETE, conntrack, { nfgen_family, CTA_TUPLE_ORIG, CTA_ID, CTA_ZONE }),
    )
  } catch (error) {
    if (!(error instanceof NetlinkError && error.errno === ENOENT)) throw error
  }
}
