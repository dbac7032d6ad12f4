/** Messages and attributes of <linux/netfilter/nfnetlink.h> and <linux/netfilter/nf_tables.h>. Numbers are big-endian. */

import { attributes, be16, be32, bytes, struct, text, u8 } from '../codec.ts'
import { family } from '../message.ts'

const NFNL_SUBSYS_NFTABLES = 10
const message = (number: number) => (NFNL_SUBSYS_NFTABLES << 8) | number

export const NFT_MSG_GETTABLE = message(1)
export const NFT_MSG_GETCHAIN = message(4)
export const NFT_MSG_GETRULE = message(7)
export const NFT_MSG_GETSET = message(10)
export const NFT_MSG_NEWSETELEM = message(12)
export const NFT_MSG_GETSETELEM = message(13)
export const NFT_MSG_DELSETELEM = message(14)
export const NFT_MSG_GETGEN = message(16)
export const NFNL_MSG_BATCH_BEGIN = 16
export const NFNL_MSG_BATCH_END = 17

/** What `res_id` is in the messages that begin and end a transaction. */
export const BATCH = { res_id: NFNL_SUBSYS_NFTABLES } as const

/** <linux/netfilter.h>: the families of nft(8). */
export const NFPROTO: Readonly<Record<string, number>> = {
  inet: 1,
  ip: 2,
  arp: 3,
  netdev: 5,
  bridge: 7,
  ip6: 10,
}

/** Flags of a set; one without a name stands in the text of a rule. */
export const NFT_SET_ANONYMOUS = 0x1
export const NFT_SET_INTERVAL = 0x4
export const NFT_SET_TIMEOUT = 0x10
/** What NFTA_SET_DATA_TYPE is for a map of verdicts. */
export const NFT_DATA_VERDICT = 0xffffff00
/** Flags of an element: the end of an interval, or what is found for every other key. */
export const NFT_SET_ELEM_INTERVAL_END = 0x1
export const NFT_SET_ELEM_CATCHALL = 0x2

export const nfgenmsg = struct({ nfgen_family: u8, version: u8, res_id: be16 })

export const batch = family(nfgenmsg, {})
export const generation = family(nfgenmsg, { NFTA_GEN_ID: [1, be32] })
export const table = family(nfgenmsg, { NFTA_TABLE_NAME: [1, text] })
export const chain = family(nfgenmsg, { NFTA_CHAIN_TABLE: [1, text], NFTA_CHAIN_NAME: [3, text] })
export const rule = family(nfgenmsg, {
  NFTA_RULE_TABLE: [1, text],
  NFTA_RULE_CHAIN: [2, text],
  NFTA_RULE_USERDATA: [7, bytes],
})
export const set = family(nfgenmsg, {
  NFTA_SET_TABLE: [1, text],
  NFTA_SET_NAME: [2, text],
  NFTA_SET_FLAGS: [3, be32],
  NFTA_SET_KEY_TYPE: [4, be32],
  NFTA_SET_KEY_LEN: [5, be32],
  NFTA_SET_DATA_TYPE: [6, be32],
  NFTA_SET_DATA_LEN: [7, be32],
})

const NFTA_VERDICT = attributes({ NFTA_VERDICT_CODE: [1, be32], NFTA_VERDICT_CHAIN: [2, text] })
export const NFTA_DATA = attributes({ NFTA_DATA_VALUE: [1, bytes], NFTA_DATA_VERDICT: [2, NFTA_VERDICT] })
export type Data = ReturnType<typeof NFTA_DATA.decode>

const NFTA_SET_ELEM = attributes({
  NFTA_SET_ELEM_KEY: [1, NFTA_DATA],
  NFTA_SET_ELEM_DATA: [2, NFTA_DATA],
  NFTA_SET_ELEM_FLAGS: [3, be32],
  NFTA_SET_ELEM_USERDATA: [6, bytes],
})
export type Element = ReturnType<typeof NFTA_SET_ELEM.decode>

export const elements = family(nfgenmsg, {
  NFTA_SET_ELEM_LIST_TABLE: [1, text],
  NFTA_SET_ELEM_LIST_SET: [2, text],
  NFTA_SET_ELEM_LIST_ELEMENTS: [3, attributes({ NFTA_LIST_ELEM: [1, NFTA_SET_ELEM, 'many'] })],
})
