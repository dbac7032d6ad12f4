/** Neighbours, and entries of forwarding databases: <linux/neighbour.h>. */

import { hardwareAddress, i32, struct, u8, u16 } from '../codec.ts'
import { family } from '../message.ts'
import { ipAddress } from '../values.ts'

export const RTM_NEWNEIGH = 28
export const RTM_DELNEIGH = 29
export const RTM_GETNEIGH = 30

export const NTF_USE = 0x01
export const NTF_SELF = 0x02
export const NUD_NOARP = 0x40
export const NUD_PERMANENT = 0x80

const ndmsg = struct({
  ndm_family: u8,
  ndm_pad1: u8,
  ndm_pad2: u16,
  ndm_ifindex: i32,
  ndm_state: u16,
  ndm_flags: u8,
  ndm_type: u8,
})

export const neigh = family(ndmsg, { NDA_DST: [1, ipAddress], NDA_LLADDR: [2, hardwareAddress] })
