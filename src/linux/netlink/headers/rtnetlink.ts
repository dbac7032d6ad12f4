/** Routes: <linux/rtnetlink.h>. */

import { attributes, struct, u8, u32 } from '../codec.ts'
import { family } from '../message.ts'
import { ipAddress } from '../values.ts'

export const AF_INET = 2
export const AF_BRIDGE = 7
export const AF_INET6 = 10

export const RTM_NEWROUTE = 24
export const RTM_DELROUTE = 25
export const RTM_GETROUTE = 26

export const RT_TABLE_MAIN = 254
export const RTPROT_BOOT = 3
export const RTN_UNICAST = 1
export const RTN_LOCAL = 2
/** One that was made of another for a single destination. */
export const RTM_F_CLONED = 0x200
export const RT_SCOPE: Readonly<Record<string, number>> = {
  global: 0,
  site: 200,
  link: 253,
  host: 254,
  nowhere: 255,
}

const rtmsg = struct({
  rtm_family: u8,
  rtm_dst_len: u8,
  rtm_src_len: u8,
  rtm_tos: u8,
  rtm_table: u8,
  rtm_protocol: u8,
  rtm_scope: u8,
  rtm_type: u8,
  rtm_flags: u32,
})

const RTAX = attributes({ RTAX_MTU: [2, u32], RTAX_ADVMSS: [8, u32] })

export const route = family(rtmsg, {
  RTA_DST: [1, ipAddress],
  RTA_OIF: [4, u32],
  RTA_GATEWAY: [5, ipAddress],
  RTA_PRIORITY: [6, u32],
  RTA_PREFSRC: [7, ipAddress],
  RTA_METRICS: [8, RTAX],
  RTA_TABLE: [15, u32],
})
export type RouteBody = ReturnType<typeof route.decode>
