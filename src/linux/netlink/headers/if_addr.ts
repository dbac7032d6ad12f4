/** Addresses: <linux/if_addr.h>. */

import { i32, struct, u8, u32 } from '../codec.ts'
import { family } from '../message.ts'
import { ipAddress } from '../values.ts'

export const RTM_NEWADDR = 20
export const RTM_DELADDR = 21
export const RTM_GETADDR = 22

export const IFA_F_NODAD = 0x02
export const IFA_F_DADFAILED = 0x08
export const IFA_F_TENTATIVE = 0x40
export const IFA_F_NOPREFIXROUTE = 0x200

const ifaddrmsg = struct({
  ifa_family: u8,
  ifa_prefixlen: u8,
  ifa_flags: u8,
  ifa_scope: u8,
  ifa_index: i32,
})

export const addr = family(ifaddrmsg, {
  IFA_ADDRESS: [1, ipAddress],
  IFA_LOCAL: [2, ipAddress],
  IFA_BROADCAST: [4, ipAddress],
  IFA_FLAGS: [8, u32],
  IFA_RT_PRIORITY: [9, u32],
})
