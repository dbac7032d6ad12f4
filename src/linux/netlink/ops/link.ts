/** Ops of links as messages (ip-link(8)). Pure. */

import type { LinkOp } from '../../../plan/kinds/link.ts'
import type { Settings } from '../../../plan/kinds/linkwords.ts'
import {
  IFF_ALLMULTI,
  IFF_PROMISC,
  IFF_UP,
  IFLA_BRPORT,
  type LinkBody,
  link,
  RTM_DELLINK,
  RTM_NEWLINK,
  VETH_INFO,
} from '../headers/if_link.ts'
import { canEncode, encodeDetails } from '../linktypes.ts'
import { NLM_F_CREATE, NLM_F_EXCL, type Request, request } from '../message.ts'
import type { Lookup } from './lookup.ts'

/** Some types, and some details of others, only ip(8) can make. */
export const hasLinkMessage = ({
  link: { type, details = {}, peer },
}: LinkOp & { op: 'link.add' }): boolean => peer !== undefined || canEncode(type, details)

export const linkRequest = (op: LinkOp, lookup: Lookup): Request => {
  switch (op.op) {
    case 'link.add':
      return add(op, lookup)
    case 'link.del':
      return request(RTM_DELLINK, link, { ifi_index: lookup.index(op.name) })
    case 'link.rename':
      return change(op.name, { IFLA_IFNAME: op.to }, lookup)
    case 'link.alias':
      return change(op.name, { IFLA_IFALIAS: op.alias }, lookup)
    case 'link.set':
      return change(op.name, { ...settings(op.set, lookup), IFLA_LINKINFO: ofType(op.set) }, lookup)
  }
}

const change = (name: string, body: LinkBody, lookup: Lookup) =>
  request(RTM_NEWLINK, link, { ifi_index: lookup.index(name), ...body })

const add = (op: LinkOp & { op: 'link.add' }, lookup: Lookup): Request => {
  const { netns, type, lower, details = {}, peer, settings: own } = op.link
  const on = lower && lookup.index(lower.name)
  const data = peer
    ? VETH_INFO.encode({
        VETH_INFO_PEER: {
          ...born(peer.settings, lookup),
          IFLA_IFNAME: peer.name,
          IFLA_NET_NS_FD: lookup.netns(peer.netns),
        },
      })
    : encodeDetails(type, details, on)
  const body: LinkBody = {
    ...born(own, lookup),
    IFLA_IFNAME: op.name,
    IFLA_NET_NS_FD: netns === op.netns ? undefined : lookup.netns(netns),
    IFLA_LINK: type === 'vxlan' ? undefined : on,
    IFLA_LINKINFO: { IFLA_INFO_KIND: type, IFLA_INFO_DATA: data.length ? data : undefined },
  }
  return request(RTM_NEWLINK, link, body, NLM_F_CREATE | NLM_F_EXCL)
}

/** What a link can have when it is made. */
const born = ({ mtu, mac, master, up }: Settings, lookup: Lookup) =>
  settings({ mtu, mac, master, up: up || undefined }, lookup)

const settings = (
  { up, promisc, allmulti, txQLen, mtu, mac, master }: Settings,
  { index }: Lookup,
): LinkBody => {
  const flag = (value: boolean | undefined, bit: number) => ({
    flags: value ? bit : 0,
    change: value === undefined ? 0 : bit,
  })
  const all = [flag(up, IFF_UP), flag(promisc, IFF_PROMISC), flag(allmulti, IFF_ALLMULTI)]
  return {
    ifi_flags: all.reduce((sum, { flags }) => sum | flags, 0),
    ifi_change: all.reduce((sum, { change }) => sum | change, 0),
    IFLA_MTU: mtu,
    IFLA_TXQLEN: txQLen,
    IFLA_ADDRESS: mac,
    IFLA_MASTER: master === undefined ? undefined : master ? index(master) : 0,
  }
}

/** What only a bridge has, and what only a port of one has. */
const ofType = ({ hairpin, isolated, vlanFiltering }: Settings): LinkBody['IFLA_LINKINFO'] => {
  const port = hairpin !== undefined || isolated !== undefined
  if (!port && vlanFiltering === undefined) return undefined
  return {
    ...(vlanFiltering === undefined
      ? {}
      : {
          IFLA_INFO_KIND: 'bridge',
          IFLA_INFO_DATA: encodeDetails('bridge', { vlan_filtering: vlanFiltering ? 1 : 0 }),
        }),
    ...(port
      ? {
          IFLA_INFO_SLAVE_KIND: 'bridge',
          IFLA_INFO_SLAVE_DATA: IFLA_BRPORT.encode({
            IFLA_BRPORT_MODE: hairpin,
            IFLA_BRPORT_ISOLATED: isolated,
          }),
        }
      : {}),
  }
}
