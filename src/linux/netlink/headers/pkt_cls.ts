/** Filters: <linux/pkt_cls.h>, <linux/tc_act/tc_mirred.h>. */

import { attributes, be16, be32, type Codec, i32, struct, text, u8, u16, u32 } from '../codec.ts'

/** It ends here: no other filter is asked. */
export const TC_U32_TERMINAL = 1

const tc_u32_sel = struct({
  flags: u8,
  offshift: u8,
  nkeys: u8,
  pad: u8,
  offmask: be16,
  off: u16,
  offoff: u16,
  hoff: u16,
  hmask: be32,
})

const tc_u32_key = struct({ mask: be32, val: be32, off: i32, offmask: i32 })

export interface Selector {
  readonly flags: number
  readonly keys: readonly { readonly mask?: number; readonly val?: number; readonly off?: number }[]
}

/** So many keys follow as it says. */
const selector: Codec<Selector> = {
  encode: ({ flags, keys }) =>
    Buffer.concat([tc_u32_sel.encode({ flags, nkeys: keys.length }), ...keys.map(tc_u32_key.encode)]),
  decode: given => {
    const { flags = 0, nkeys = 0 } = tc_u32_sel.decode(given)
    const keys = Array.from({ length: nkeys }, (_, n) =>
      tc_u32_key.read(given, tc_u32_sel.size + n * tc_u32_key.size),
    )
    return { flags, keys }
  },
}

export const TC_ACT_STOLEN = 4
export const TCA_EGRESS_REDIR = 1

/** The fields of tc_gen first. */
const tc_mirred = struct({
  index: u32,
  capab: u32,
  action: i32,
  refcnt: i32,
  bindcnt: i32,
  eaction: i32,
  ifindex: u32,
})

const TCA_ACT = attributes({
  TCA_ACT_KIND: [1, text],
  TCA_ACT_OPTIONS: [2, attributes({ TCA_MIRRED_PARMS: [2, tc_mirred] })],
})

export const TCA_U32 = attributes({
  TCA_U32_CLASSID: [1, u32],
  TCA_U32_SEL: [5, selector],
  /** The first of them. */
  TCA_U32_ACT: [7, attributes({ first: [1, TCA_ACT] })],
})

/** <linux/if_ether.h>: the kind of packets a filter looks at. */
export const ETH_P: Readonly<Record<string, number>> = { all: 0x0003, ip: 0x0800, ipv6: 0x86dd }
