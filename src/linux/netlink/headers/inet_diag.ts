/** Sockets: <linux/sock_diag.h>, <linux/inet_diag.h>; sock_diag(7). */

import { be16, be32, struct, u8, u32 } from '../codec.ts'
import { family } from '../message.ts'

export const SOCK_DIAG_BY_FAMILY = 20

/** Addresses have 16 bytes; of one of IPv4 the first four count. */
const sockid = {
  idiag_sport: be16,
  idiag_dport: be16,
  idiag_src_0: be32,
  idiag_src_1: be32,
  idiag_src_2: be32,
  idiag_src_3: be32,
  idiag_dst_0: be32,
  idiag_dst_1: be32,
  idiag_dst_2: be32,
  idiag_dst_3: be32,
  idiag_if: u32,
  idiag_cookie_0: u32,
  idiag_cookie_1: u32,
}

/** inet_diag_req_v2 */
export const socketRequest = family(
  struct({
    sdiag_family: u8,
    sdiag_protocol: u8,
    idiag_ext: u8,
    pad: u8,
    /** A bit for each state that is wanted. */
    idiag_states: u32,
    ...sockid,
  }),
  {},
)

/** inet_diag_msg */
export const socketAnswer = family(
  struct({
    idiag_family: u8,
    idiag_state: u8,
    idiag_timer: u8,
    idiag_retrans: u8,
    ...sockid,
    idiag_expires: u32,
    idiag_rqueue: u32,
    idiag_wqueue: u32,
    idiag_uid: u32,
    idiag_inode: u32,
  }),
  {},
)
