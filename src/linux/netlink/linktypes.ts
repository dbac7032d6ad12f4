/** What only one type of link has: `linkinfo.info_data` of `ip -j -d`, and the attributes of <linux/if_link.h>. Pure. */

import type { Details } from '../../plan/kinds/linkwords.ts'
import { attributes, be16, type Codec, type Table, u8, u16, u32 } from './codec.ts'
import { ipAddress, oneOf, onOff } from './values.ts'

interface LinkType {
  readonly codec: Codec<object>
  /** ip's names, and the kernel's. */
  readonly names: Readonly<Record<string, string>>
  /** ip(8) says much more when it makes one. */
  readonly readOnly?: true
}

const type = <T extends Table>(
  table: T,
  names: Record<string, keyof T & string>,
  readOnly?: true,
): LinkType => ({
  codec: attributes(table) as Codec<object>,
  names,
  readOnly,
})

const keys = { IFLA_GRE_IKEY: [4, ipAddress], IFLA_GRE_OKEY: [5, ipAddress] } as const
const ends = { IFLA_GRE_LOCAL: [6, ipAddress], IFLA_GRE_REMOTE: [7, ipAddress] } as const
const ofGre = {
  ikey: 'IFLA_GRE_IKEY',
  okey: 'IFLA_GRE_OKEY',
  local: 'IFLA_GRE_LOCAL',
  remote: 'IFLA_GRE_REMOTE',
} as const
/** IP6_TNL_F_IGN_ENCAP_LIMIT of <linux/ip6_tunnel.h>: the only flag that we set. */
const encapLimit: Codec<boolean> = {
  encode: value => u32.encode(value ? 1 : 0),
  decode: given => (u32.decode(given) & 1) === 1,
}

export const linkTypes: Readonly<Record<string, LinkType>> = {
  bridge: type({ IFLA_BR_VLAN_FILTERING: [7, u8] }, { vlan_filtering: 'IFLA_BR_VLAN_FILTERING' }),
  veth: type({}, {}),
  ifb: type({}, {}),
  vlan: type(
    {
      IFLA_VLAN_ID: [1, u16],
      IFLA_VLAN_PROTOCOL: [5, oneOf(be16, { '802.1Q': 0x8100, '802.1ad': 0x88a8 })],
    },
    { id: 'IFLA_VLAN_ID', protocol: 'IFLA_VLAN_PROTOCOL' },
  ),
  vxlan: type(
    {
      IFLA_VXLAN_ID: [1, u32],
      IFLA_VXLAN_GROUP: [2, ipAddress],
      IFLA_VXLAN_LINK: [3, u32],
      IFLA_VXLAN_LOCAL: [4, ipAddress],
      IFLA_VXLAN_LEARNING: [7, onOff(u8)],
      IFLA_VXLAN_PROXY: [11, onOff(u8)],
      IFLA_VXLAN_PORT: [15, be16],
      IFLA_VXLAN_GROUP6: [16, ipAddress],
      IFLA_VXLAN_LOCAL6: [17, ipAddress],
    },
    {
      id: 'IFLA_VXLAN_ID',
      group: 'IFLA_VXLAN_GROUP',
      group6: 'IFLA_VXLAN_GROUP6',
      local: 'IFLA_VXLAN_LOCAL',
      local6: 'IFLA_VXLAN_LOCAL6',
      learning: 'IFLA_VXLAN_LEARNING',
      proxy: 'IFLA_VXLAN_PROXY',
      port: 'IFLA_VXLAN_PORT',
    },
  ),
  gretap: type({ ...keys, ...ends }, ofGre, true),
  ip6gretap: type(
    { ...keys, ...ends, IFLA_GRE_FLAGS: [13, encapLimit] },
    { ...ofGre, ip6_tnl_f_ign_encap_limit: 'IFLA_GRE_FLAGS' },
    true,
  ),
  macvlan: type(
    {
      IFLA_MACVLAN_MODE: [1, oneOf(u32, { private: 1, vepa: 2, bridge: 4, passthru: 8, source: 16 })],
      IFLA_MACVLAN_BC_QUEUE_LEN: [7, u32],
    },
    { mode: 'IFLA_MACVLAN_MODE', bcqueuelen: 'IFLA_MACVLAN_BC_QUEUE_LEN' },
  ),
  ipvlan: type({ IFLA_IPVLAN_MODE: [1, oneOf(u16, { l2: 0, l3: 1, l3s: 2 })] }, { mode: 'IFLA_IPVLAN_MODE' }),
}

/** Others only ip(8) can make. */
export const canEncode = (kind: string, details: Details): boolean => {
  const found = linkTypes[kind]
  return found !== undefined && !found.readOnly && Object.keys(details).every(name => name in found.names)
}

/** @throws TypeError for a value that is none of its attribute's */
export const encodeDetails = (kind: string, details: Details, lower?: number): Buffer => {
  const found = linkTypes[kind]!
  const values = Object.entries(details).map(([name, value]) => [found.names[name]!, value])
  // A vxlan keeps it as a property of its own: on it the group is joined.
  const on = kind === 'vxlan' && lower !== undefined ? { IFLA_VXLAN_LINK: lower } : {}
  return found.codec.encode({ ...on, ...Object.fromEntries(values) })
}

export const decodeDetails = (kind: string, data: Buffer): Details => {
  const found = linkTypes[kind]
  const values = (found?.codec.decode(data) ?? {}) as Details
  return Object.fromEntries(
    Object.entries(found?.names ?? {}).flatMap(([name, attribute]) =>
      values[attribute] === undefined ? [] : [[name, values[attribute]]],
    ),
  )
}
