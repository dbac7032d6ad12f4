/** What is set on a link, and how ip-link(8) calls it. */

import type { ObservedLink } from '../observed.ts'

export interface Settings {
  readonly up?: boolean
  readonly mtu?: number
  readonly mac?: string
  readonly promisc?: boolean
  readonly allmulti?: boolean
  /** Packets that may wait to be sent. */
  readonly txQLen?: number
  readonly master?: string
  /** Of a bridge's port: frames may leave by the port they came in. */
  readonly hairpin?: boolean
  /** Of a bridge's port: no frames to other isolated ports. */
  readonly isolated?: boolean
  /** Of a bridge: it looks at VLAN tags. */
  readonly vlanFiltering?: boolean
}

/** What only one type of link has, by its names in `ip -j -d` (linkinfo.info_data). */
export type Details = Readonly<Record<string, string | number | boolean>>

/** The same, as it is. */
export const settingsOf = (found: ObservedLink): Settings => ({
  up: found.up,
  mtu: found.mtu,
  mac: found.mac,
  promisc: found.promisc,
  allmulti: found.allmulti,
  txQLen: found.txQLen,
  master: found.master,
  hairpin: found.port?.hairpin ?? false,
  isolated: found.port?.isolated ?? false,
  vlanFiltering: found.details.vlan_filtering === 1,
})

/** What `link add` takes for one end. */
export const born = ({ mtu, mac, master, up }: Settings) => set({ mtu, mac, master, up: up || undefined })

/** Settings as words of `ip link`. Those of a port come last: they change the meaning of the line. */
export const set = ({
  mtu,
  mac,
  master,
  up,
  promisc,
  allmulti,
  txQLen,
  hairpin,
  isolated,
  vlanFiltering,
}: Settings): string[] => {
  const onOff = (value: boolean) => (value ? 'on' : 'off')
  const port = [
    ...(hairpin === undefined ? [] : ['hairpin', onOff(hairpin)]),
    ...(isolated === undefined ? [] : ['isolated', onOff(isolated)]),
  ]
  return [
    ...(mtu === undefined ? [] : ['mtu', String(mtu)]),
    ...(mac === undefined ? [] : ['address', mac]),
    ...(promisc === undefined ? [] : ['promisc', onOff(promisc)]),
    ...(allmulti === undefined ? [] : ['allmulticast', onOff(allmulti)]),
    ...(txQLen === undefined ? [] : ['txqueuelen', String(txQLen)]),
    ...(master === undefined ? [] : master ? ['master', master] : ['nomaster']),
    ...(up === undefined ? [] : [up ? 'up' : 'down']),
    ...(port.length ? ['type', 'bridge_slave', ...port] : []),
    ...(vlanFiltering === undefined ? [] : ['type', 'bridge', 'vlan_filtering', vlanFiltering ? '1' : '0']),
  ]
}

/** A detail as `ip link add … type T` takes it. */
export const detail = (name: string, value: string | number | boolean): string[] => {
  if (name === 'port') return ['dstport', String(value)]
  if (name === 'ip6_tnl_f_ign_encap_limit') return ['encaplimit', 'none']
  // The same word for both families.
  if (name === 'group6' || name === 'local6') return [name.slice(0, -1), String(value)]
  if (typeof value === 'boolean')
    return name in SWITCHES ? [value ? name : `no${name}`] : [name, value ? '1' : '0']
  return [name, String(value)]
}

const SWITCHES = { learning: true, proxy: true, pmtudisc: true }
