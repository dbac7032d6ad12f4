/** Rules of the routing policy: <linux/fib_rules.h>. */

import { struct, u8, u32 } from '../codec.ts'
import { family } from '../message.ts'
import { ipAddress } from '../values.ts'

export const RTM_NEWRULE = 32
export const RTM_DELRULE = 33
export const RTM_GETRULE = 34

export const FR_ACT_TO_TBL = 1

const fib_rule_hdr = struct({
  family: u8,
  dst_len: u8,
  src_len: u8,
  tos: u8,
  table: u8,
  res1: u8,
  res2: u8,
  action: u8,
  flags: u32,
})

export const rule = family(fib_rule_hdr, { FRA_SRC: [2, ipAddress], FRA_TABLE: [15, u32] })
