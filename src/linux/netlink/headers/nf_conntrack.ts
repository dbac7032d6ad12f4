/** Flows: <linux/netfilter/nfnetlink_conntrack.h>. Numbers are big-endian. */

import { attributes, be16, bytes, u8, u32 } from '../codec.ts'
import { family } from '../message.ts'
import { ipAddress } from '../values.ts'
import { nfgenmsg } from './nf_tables.ts'

const NFNL_SUBSYS_CTNETLINK = 1
export const IPCTNL_MSG_CT_GET = (NFNL_SUBSYS_CTNETLINK << 8) | 1
export const IPCTNL_MSG_CT_DELETE = (NFNL_SUBSYS_CTNETLINK << 8) | 2

/** What of a tuple is to be compared (net/netfilter/nf_internals.h): the protocol, and the port it goes to. */
export const CTA_FILTER_F_CTA_PROTO_NUM = 1 << 3
export const CTA_FILTER_F_CTA_PROTO_DST_PORT = 1 << 5

const CTA_IP = attributes({
  CTA_IP_V4_SRC: [1, ipAddress],
  CTA_IP_V4_DST: [2, ipAddress],
  CTA_IP_V6_SRC: [3, ipAddress],
  CTA_IP_V6_DST: [4, ipAddress],
})
const CTA_PROTO = attributes({
  CTA_PROTO_NUM: [1, u8],
  CTA_PROTO_SRC_PORT: [2, be16],
  CTA_PROTO_DST_PORT: [3, be16],
})
export const CTA_TUPLE = attributes({ CTA_TUPLE_IP: [1, CTA_IP], CTA_TUPLE_PROTO: [2, CTA_PROTO] })
/** Its numbers are the machine's. */
const CTA_FILTER = attributes({ CTA_FILTER_ORIG_FLAGS: [1, u32], CTA_FILTER_REPLY_FLAGS: [2, u32] })

/** A tuple as its first packet had it, and one as its answers have it; kept as bytes, to be named by them again. */
export const conntrack = family(nfgenmsg, {
  CTA_TUPLE_ORIG: [1, { ...bytes, nested: true }],
  CTA_TUPLE_REPLY: [2, { ...bytes, nested: true }],
  CTA_ID: [12, bytes],
  CTA_ZONE: [18, bytes],
  CTA_FILTER: [25, CTA_FILTER],
})
export type ConntrackBody = ReturnType<typeof conntrack.decode>
