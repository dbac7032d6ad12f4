/** What the machine has of the things that a description names; it asks for nothing else. */

import { familyOf } from '../../ipam/cidr.ts'
import { acceptRa, FORWARDING } from '../plan/kinds/forwarding.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { FEATURE } from '../plan/kinds/offload.ts'
import { HOST, type Netns } from '../plan/netns.ts'
import {
  at,
  type Observed,
  type ObservedLink,
  type ObservedRoute,
  type ObservedTable,
} from '../plan/observed.ts'
import { featureOf } from './ethtool.ts'
import { type BridgeJson, fdbOf, linkOf, routeOf, vlansOf } from './ipjson.ts'
import { bridgeShow, ipShow } from './iproute2.ts'
import { iptablesTable } from './iptables.ts'
import { nftTable } from './nft.ts'
import { readSysctls } from './sysctl.ts'

export const observe = async (desired: readonly Desired[]): Promise<Observed> => {
  // Interfaces and rules are apart from each other; what belongs to an interface is asked for if it exists.
  const [links, tables, iptables, sysctls] = await Promise.all([
    observeLinks(desired),
    observeTables(desired),
    observeIptables(desired),
    observeForwarding(desired),
  ])
  const there = desired.filter(
    one => 'dev' in one && one.dev !== undefined && links.has(at(one.netns, one.dev)),
  )
  const [routes, settings, fdb, vlans, offloads] = await Promise.all([
    observeRoutes(there),
    observeSysctls(there),
    observeBridge(there, 'fdb', fdbOf),
    observeBridge(there, 'vlan', vlansOf),
    observeOffloads(there),
  ])
  return {
    links,
    tables,
    iptables,
    routes,
    fdb,
    vlans,
    offloads,
    ...sysctls,
    sysctls: new Map([...sysctls.sysctls, ...settings]),
  }
}

/** Groups by namespace, for each costs a process. */
const byNetns = <T>(items: readonly (readonly [Netns, T])[]): [Netns, T[]][] => {
  const groups = new Map<Netns, Set<T>>()
  for (const [netns, item] of items) groups.set(netns, (groups.get(netns) ?? new Set()).add(item))
  return [...groups].map(([netns, group]) => [netns, [...group]])
}

const observeLinks = async (desired: readonly Desired[]) => {
  const names = desired.flatMap((one): (readonly [Netns, string])[] => {
    if (one.kind === 'link') {
      const { netns, name, peer } = one
      return [[netns, name], ...(peer ? [[peer.netns, peer.name] as const] : [])]
    }
    if (one.kind === 'takeover')
      return [
        [one.netns, one.dev],
        [one.netns, one.bridge],
      ]
    return 'dev' in one && one.dev !== undefined ? [[one.netns, one.dev]] : []
  })
  const links = new Map<string, ObservedLink>()
  await Promise.all(
    byNetns(names).map(async ([netns, wanted]) => {
      const found = await ipShow(
        netns,
        wanted.map(name => `addr show dev ${name}`),
      )
      for (const one of found.map(linkOf)) links.set(at(netns, one.name), one)
    }),
  )
  return links
}

/** All routes of both interfaces: of one they go to the other. */
const takenOver = (one: Desired): (readonly [Netns, string])[] =>
  one.kind === 'takeover'
    ? [one.dev, one.bridge].flatMap(dev => [4, 6].map(family => [one.netns, `${family} ${dev}`] as const))
    : []

const observeRoutes = async (desired: readonly Desired[]) => {
  const wanted = desired.flatMap(one =>
    one.kind === 'route' ? [[one.netns, `${familyOf(one.to.dst)} ${one.dev}`] as const] : takenOver(one),
  )
  const routes = new Map<string, ObservedRoute[]>()
  for (const [netns, items] of byNetns(wanted)) {
    for (const item of items) {
      const [family, dev] = item.split(' ') as ['4' | '6', string]
      const found = await ipShow(netns, [`route show table all dev ${dev}`], [`-${family}`, '-N'])
      const key = at(netns, dev)
      routes.set(key, [...(routes.get(key) ?? []), ...found.map(one => routeOf(one, family === '4' ? 4 : 6))])
    }
  }
  return routes
}

/** What bridge(8) tells of the devices of all objects of a kind. */
const observeBridge = async <T>(
  desired: readonly Desired[],
  kind: 'fdb' | 'vlan',
  parse: (json: BridgeJson) => T[],
): Promise<Map<string, T[]>> => {
  const wanted = desired.flatMap(one => (one.kind === kind ? [[one.netns, one.dev] as const] : []))
  const found = new Map<string, T[]>()
  for (const [netns, devs] of byNetns(wanted))
    for (const dev of devs)
      found.set(at(netns, dev), (await bridgeShow(netns, `${kind} show dev ${dev}`)).flatMap(parse))
  return found
}

const observeOffloads = async (desired: readonly Desired[]) => {
  const offloads = new Map<string, boolean>()
  for (const one of desired) {
    const on = one.kind === 'offload' ? await featureOf(one.netns, one.dev, FEATURE) : undefined
    if (one.kind === 'offload' && on !== undefined) offloads.set(at(one.netns, one.dev), on)
  }
  return offloads
}

const observeSysctls = async (desired: readonly Desired[]) => {
  const keys = desired.flatMap(one => (one.kind === 'sysctl' ? [[one.netns, one.key] as const] : []))
  const values = new Map<string, string>()
  for (const [netns, wanted] of byNetns(keys))
    for (const [key, value] of await readSysctls(netns, wanted)) values.set(at(netns, key), value)
  return values
}

/** The host's own: forwarding, and who would lose a default route by it. */
const observeForwarding = async (
  desired: readonly Desired[],
): Promise<Pick<Observed, 'sysctls' | 'advertised'>> => {
  const keys = desired.flatMap(one =>
    one.kind === 'forwarding'
      ? [FORWARDING[one.family]]
      : one.kind === 'sysctl' && one.netns === HOST && one.dev === undefined
        ? [one.key]
        : [],
  )
  const values = keys.length ? await readSysctls(HOST, keys) : new Map<string, string>()
  const sysctls = new Map([...values].map(([key, value]) => [at(HOST, key), value]))
  return { sysctls, advertised: values.get(FORWARDING[6]) === '0' ? await observeAdvertised() : [] }
}

const observeAdvertised = async (): Promise<string[]> => {
  const routes = await ipShow(HOST, ['route show default proto ra'], ['-6'])
  const devs = [...new Set(routes.map(({ dev }) => String(dev)))]
  const values = await readSysctls(HOST, devs.map(acceptRa))
  return devs.filter(dev => values.get(acceptRa(dev)) === '1')
}

const observeTables = async (desired: readonly Desired[]) => {
  const names = new Set(
    desired.flatMap(one => ('table' in one && one.kind !== 'iptables' ? [one.table] : [])),
  )
  const tables = new Map<string, ObservedTable>()
  for (const name of names) {
    const table = await nftTable(name)
    if (table) tables.set(name, table)
  }
  return tables
}

const observeIptables = async (desired: readonly Desired[]) => {
  const found = new Map<string, string[]>()
  for (const one of desired)
    if (one.kind === 'iptables')
      found.set(`${one.command} ${one.table}`, await iptablesTable(one.command, one.table))
  return found
}
