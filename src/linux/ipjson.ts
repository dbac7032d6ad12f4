/** What `ip -j -d` prints, in our words. */

import type {
  ObservedAddress,
  ObservedFdb,
  ObservedLink,
  ObservedRoute,
  ObservedVlan,
} from '../plan/observed.ts'

interface IpAddress {
  local: string
  prefixlen: number
  scope: string
  tentative?: boolean
  dadfailed?: boolean
  broadcast?: string
  metric?: number
  noprefixroute?: boolean
}

interface IpLink {
  ifname: string
  ifindex: number
  flags: string[]
  mtu: number
  txqlen?: number
  operstate: string
  address?: string
  master?: string
  link?: string
  ifalias?: string
  linkinfo?: {
    info_kind?: string
    info_data?: Record<string, unknown>
    info_slave_kind?: string
    info_slave_data?: { state?: string; hairpin?: boolean; isolated?: boolean }
  }
  addr_info?: IpAddress[]
}

export const linkOf = (json: IpLink): ObservedLink => {
  const { info_kind = '', info_data = {}, info_slave_kind, info_slave_data: slave } = json.linkinfo ?? {}
  return {
    name: json.ifname,
    index: json.ifindex,
    type: info_kind,
    mac: json.address ?? '',
    mtu: json.mtu,
    up: json.flags.includes('UP'),
    operstate: json.operstate,
    promisc: json.flags.includes('PROMISC'),
    allmulti: json.flags.includes('ALLMULTI'),
    txQLen: json.txqlen ?? 0,
    alias: json.ifalias ?? '',
    master: json.master ?? '',
    lower: json.link ?? '',
    details: info_data,
    port:
      info_slave_kind === 'bridge'
        ? { hairpin: slave?.hairpin ?? false, isolated: slave?.isolated ?? false, state: slave?.state ?? '' }
        : undefined,
    addresses: (json.addr_info ?? []).map(addressOf),
  }
}

const addressOf = (json: IpAddress): ObservedAddress => {
  const { local, prefixlen, scope, tentative = false, dadfailed = false } = json
  const words = [
    ...(json.broadcast ? ['brd', json.broadcast] : []),
    ...(json.metric ? ['metric', json.metric] : []),
    ...(json.noprefixroute ? ['noprefixroute'] : []),
  ]
  return { address: `${local}/${prefixlen}`, scope, tentative, dadFailed: dadfailed, words: words.join(' ') }
}

interface IpRoute {
  dst: string
  dev?: string
  /** Of a route with several ways. */
  nexthops?: { gateway?: string; dev: string }[]
  scope?: string
  gateway?: string
  table?: string | number
  metric?: number
  protocol?: string
  prefsrc?: string
  metrics?: { mtu?: number; advmss?: number }[]
}

export const routeOf = (json: IpRoute, family: 4 | 6): ObservedRoute => {
  const width = family === 4 ? 32 : 128
  const dst = json.dst === 'default' ? (family === 4 ? '0.0.0.0/0' : '::/0') : json.dst
  const metrics = Object.assign({}, ...(json.metrics ?? []))
  return {
    family,
    dst: dst.includes('/') ? dst : `${dst}/${width}`,
    gw: json.gateway ?? '',
    table: String(json.table ?? 254),
    priority: json.metric ?? 0,
    mtu: metrics.mtu ?? 0,
    advmss: metrics.advmss ?? 0,
    protocol: json.protocol ?? '',
    src: json.prefsrc ?? '',
    scope: Number(json.scope ?? 0),
  }
}

/** Each way of a route, and by which interface it goes: `only`, where that was asked for. */
export const routesOf = (json: IpRoute, family: 4 | 6, only = '') =>
  (json.nexthops ?? [json]).map(way => ({
    ...routeOf({ ...json, ...way }, family),
    dev: way.dev ?? only,
  }))

/** Rules for a subnet have a `srclen`. */
export const ruleOf = ({ src, srclen, table }: { src: string; srclen?: number; table?: string }) =>
  table === undefined
    ? []
    : [{ from: src === 'all' || srclen !== undefined ? '' : src, table: Number(table) }]

/** What `bridge -j` prints: entries of the forwarding database, or a port with its VLANs. */
export interface BridgeJson {
  mac?: string
  dst?: string
  ifname?: string
  /** Empty for what was learned. */
  state?: string
  vlans?: { vlan: number; vlanEnd?: number; flags?: string[] }[]
}

export const fdbOf = ({ mac, dst }: BridgeJson): ObservedFdb[] => (mac && dst ? [{ mac, dst }] : [])

export const vlansOf = ({ vlans = [] }: BridgeJson): ObservedVlan[] =>
  vlans.flatMap(({ vlan, vlanEnd = vlan, flags = [] }) =>
    Array.from({ length: vlanEnd - vlan + 1 }, (_, n) => ({
      vid: vlan + n,
      pvid: flags.includes('PVID'),
      untagged: flags.includes('Egress Untagged'),
    })),
  )
