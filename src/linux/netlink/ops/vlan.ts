/** Ops of VLANs of bridges and ports as messages (bridge(8) "vlan"). Pure. */

import type { VlanOp } from '../../../plan/kinds/vlan.ts'
import {
  BRIDGE_FLAGS_SELF,
  BRIDGE_VLAN_INFO_PVID,
  BRIDGE_VLAN_INFO_UNTAGGED,
  bridgePort,
} from '../headers/if_bridge.ts'
import { RTM_DELLINK, RTM_SETLINK } from '../headers/if_link.ts'
import { AF_BRIDGE } from '../headers/rtnetlink.ts'
import { type Request, request } from '../message.ts'
import type { Lookup } from './lookup.ts'

export const vlanRequest = ({ op, dev, vid, access, self }: VlanOp, { index }: Lookup): Request => {
  const isNew = op === 'vlan.add'
  const flags = isNew && access ? BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED : 0
  const body = {
    ifi_family: AF_BRIDGE,
    ifi_index: index(dev),
    IFLA_AF_SPEC: {
      IFLA_BRIDGE_FLAGS: self ? BRIDGE_FLAGS_SELF : undefined,
      IFLA_BRIDGE_VLAN_INFO: { flags, vid },
    },
  }
  return request(isNew ? RTM_SETLINK : RTM_DELLINK, bridgePort, body)
}
