/** VLANs of bridges and their ports: <linux/if_bridge.h>. */

import { attributes, struct, u8, u16, u32 } from '../codec.ts'
import { family } from '../message.ts'
import { ifinfomsg } from './if_link.ts'

export const RTM_GETVLAN = 114

export const BRIDGE_FLAGS_SELF = 2
export const BRIDGE_VLAN_INFO_PVID = 0x2
export const BRIDGE_VLAN_INFO_UNTAGGED = 0x4

const bridge_vlan_info = struct({ flags: u16, vid: u16 })

/** Of family AF_BRIDGE: a port, or the bridge itself. */
export const bridgePort = family(ifinfomsg, {
  IFLA_AF_SPEC: [
    26,
    attributes({ IFLA_BRIDGE_FLAGS: [0, u16], IFLA_BRIDGE_VLAN_INFO: [2, bridge_vlan_info] }),
  ],
})

const br_vlan_msg = struct({ family: u8, reserved1: u8, reserved2: u16, ifindex: u32 })

/** VLANs in a row that are alike are told as one. */
export const vlan = family(br_vlan_msg, {
  BRIDGE_VLANDB_ENTRY: [
    1,
    attributes({
      BRIDGE_VLANDB_ENTRY_INFO: [1, bridge_vlan_info],
      BRIDGE_VLANDB_ENTRY_RANGE: [2, u16],
    }),
    'many',
  ],
})
