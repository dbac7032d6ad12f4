/** Links: <linux/if_link.h>, <linux/if.h>, <linux/veth.h>. */

import { attributes, bytes, hardwareAddress, i32, struct, text, u8, u16, u32 } from '../codec.ts'
import { family } from '../message.ts'
import { chars, oneOf, onOff } from '../values.ts'

export const RTM_NEWLINK = 16
export const RTM_DELLINK = 17
export const RTM_GETLINK = 18
export const RTM_SETLINK = 19

export const IFF_UP = 0x1
export const IFF_PROMISC = 0x100
export const IFF_ALLMULTI = 0x200
/** Leave the counters out of the answer (IFLA_EXT_MASK). */
export const RTEXT_FILTER_SKIP_STATS = 0x8

export const ifinfomsg = struct({
  ifi_family: u8,
  __ifi_pad: u8,
  ifi_type: u16,
  ifi_index: i32,
  ifi_flags: u32,
  ifi_change: u32,
})

/** As RFC 2863 has them, <linux/if.h>. */
const operstate = oneOf(u8, {
  UNKNOWN: 0,
  NOTPRESENT: 1,
  DOWN: 2,
  LOWERLAYERDOWN: 3,
  TESTING: 4,
  DORMANT: 5,
  UP: 6,
})

/** <linux/if_bridge.h> */
const portState = oneOf(u8, { disabled: 0, listening: 1, learning: 2, forwarding: 3, blocking: 4 })

/** Of a port of a bridge. */
export const IFLA_BRPORT = attributes({
  IFLA_BRPORT_STATE: [1, portState],
  IFLA_BRPORT_MODE: [4, onOff(u8)],
  IFLA_BRPORT_ISOLATED: [33, onOff(u8)],
})

/** What is in the data depends on the kind: linktypes.ts. */
const IFLA_INFO = attributes({
  IFLA_INFO_KIND: [1, chars],
  IFLA_INFO_DATA: [2, { ...bytes, nested: true }],
  IFLA_INFO_SLAVE_KIND: [4, chars],
  IFLA_INFO_SLAVE_DATA: [5, { ...bytes, nested: true }],
})

export const link = family(ifinfomsg, {
  IFLA_ADDRESS: [1, hardwareAddress],
  IFLA_IFNAME: [3, text],
  IFLA_MTU: [4, u32],
  IFLA_LINK: [5, u32],
  IFLA_MASTER: [10, u32],
  IFLA_TXQLEN: [13, u32],
  IFLA_OPERSTATE: [16, operstate],
  IFLA_LINKINFO: [18, IFLA_INFO],
  IFLA_IFALIAS: [20, chars],
  IFLA_GROUP: [27, u32],
  IFLA_NET_NS_FD: [28, u32],
  IFLA_EXT_MASK: [29, u32],
  IFLA_LINK_NETNSID: [37, i32],
})
export type LinkBody = ReturnType<typeof link.decode>

/** The other end of a veth: a whole link. */
export const VETH_INFO = attributes({ VETH_INFO_PEER: [1, link] })

/** <linux/ip.h>: of those that we set the ones whose file does nothing besides. */
export const IPV4_DEVCONF = { arp_notify: [22, u32] } as const

/** What a link's address families have of their own; in the answers of the kernel it looks different. */
export const linkConf = family(ifinfomsg, {
  IFLA_IFNAME: [3, text],
  IFLA_AF_SPEC: [
    26,
    attributes({ AF_INET: [2, attributes({ IFLA_INET_CONF: [1, attributes(IPV4_DEVCONF)] })] }),
  ],
})
