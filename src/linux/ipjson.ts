/** What `ip -j -d` prints, in our words. */

import type { ObservedLink, ObservedRoute } from '../plan/observed.ts'

interface IpLink {
  ifname: string
  ifindex: number
  flags: string[]
  mtu: number
  operstate: string
  address?: string
  master?: string
  ifalias?: string
  linkinfo?: {
    info_kind?: string
    info_slave_kind?: string
    info_slave_data?: { state?: string; hairpin?: boolean; isolated?: boolean }
  }
  addr_info?: { local: string; prefixlen: number; scope: string; tentative?: boolean; dadfailed?: boolean }[]
}

export const linkOf = (json: IpLink): ObservedLink => {
  const { info_kind = '', info_slave_kind, info_slave_data: slave } = json.linkinfo ?? {}
  return {
    name: json.ifname,
    index: json.ifindex,
    type: info_kind,
    mac: json.address ?? '',
    mtu: json.mtu,
    up: json.flags.includes('UP'),
    operstate: json.operstate,
    promisc: json.flags.includes('PROMISC'),
    alias: json.ifalias ?? '',
    master: json.master ?? '',
    port:
      info_slave_kind === 'bridge'
        ? { hairpin: slave?.hairpin ?? false, isolated: slave?.isolated ?? false, state: slave?.state ?? '' }
        : undefined,
    addresses: (json.addr_info ?? []).map(({ local, prefixlen, scope, tentative, dadfailed }) => ({
      address: `${local}/${prefixlen}`,
      scope,
      tentative: tentative ?? false,
      dadFailed: dadfailed ?? false,
    })),
  }
}

interface IpRoute {
  dst: string
  gateway?: string
  table?: string | number
  metric?: number
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
    table: String(json.table ?? 'main'),
    priority: json.metric ?? 0,
    mtu: metrics.mtu ?? 0,
    advmss: metrics.advmss ?? 0,
  }
}
