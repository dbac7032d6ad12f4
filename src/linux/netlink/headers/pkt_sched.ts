/** Queueing disciplines and classes: <linux/rtnetlink.h>, <linux/pkt_sched.h>. */

import { attributes, bytes, i32, struct, text, u8, u16, u32, u64 } from '../codec.ts'
import { family } from '../message.ts'

export const RTM_NEWQDISC = 36
export const RTM_DELQDISC = 37
export const RTM_GETQDISC = 38
export const RTM_NEWTCLASS = 40
export const RTM_GETTCLASS = 42
export const RTM_NEWTFILTER = 44
export const RTM_DELTFILTER = 45
export const RTM_GETTFILTER = 46

/** Parents that are no class. */
export const TC_H_ROOT = 0xffffffff
export const TC_H_INGRESS = 0xfffffff1
/** TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS): where filters look at what comes in. */
export const AT_INGRESS = 0xfffffff2

const tcmsg = struct({
  tcm_family: u8,
  tcm__pad1: u8,
  tcm__pad2: u16,
  tcm_ifindex: i32,
  tcm_handle: u32,
  tcm_parent: u32,
  tcm_info: u32,
})

/** What is in the options depends on the kind. */
export const traffic = family(tcmsg, { TCA_KIND: [1, text], TCA_OPTIONS: [2, bytes] })
export type TrafficBody = ReturnType<typeof traffic.decode>

/** Of 64 ns (PSCHED_SHIFT of <net/pkt_sched.h>): what /proc/net/psched says on every kernel since 2.6.31. */
export const TICKS_PER_MICROSECOND = 15.625

/** `version` of tc_htb_glob, and how many bytes a class may send for its rate if it does not say (tc-htb(8) "r2q"). */
export const HTB_VERSION = 3
export const RATE_TO_QUANTUM = 10

const tc_htb_glob = struct({ version: u32, rate2quantum: u32, defcls: u32, debug: u32, direct_pkts: u32 })

/** Without a table of times that the kernel has not used since 3.11. */
export const TC_LINKLAYER_ETHERNET = 1

/** Two of tc_ratespec, and the rest. */
const tc_htb_opt = struct({
  rate_cell_log: u8,
  rate_linklayer: u8,
  rate_overhead: u16,
  rate_cell_align: u16,
  rate_mpu: u16,
  rate_rate: u32,
  ceil_cell_log: u8,
  ceil_linklayer: u8,
  ceil_overhead: u16,
  ceil_cell_align: u16,
  ceil_mpu: u16,
  ceil_rate: u32,
  /** In ticks. */
  buffer: u32,
  cbuffer: u32,
  quantum: u32,
  level: u32,
  prio: u32,
})

export const TCA_HTB = attributes({
  TCA_HTB_PARMS: [1, tc_htb_opt],
  TCA_HTB_INIT: [2, tc_htb_glob],
  TCA_HTB_RATE64: [6, u64],
  TCA_HTB_CEIL64: [7, u64],
})

/** Of pfifo packets, of bfifo bytes. */
export const tc_fifo_qopt = struct({ limit: u32 })
