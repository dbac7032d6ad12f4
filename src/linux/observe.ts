/** What the machine has of the things that a description names; it asks for nothing else. */

import { familyOf } from '../../ipam/cidr.ts'
import { acceptRa, FORWARDING } from '../plan/kinds/forwarding.ts'
import type { HostPort } from '../plan/kinds/hostport.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { FEATURE } from '../plan/kinds/offload.ts'
import { HOST, type Netns } from '../plan/netns.ts'
import {
  at,
  nothing,
  type Observed,
  type ObservedLink,
  type ObservedQueues,
  type ObservedRoute,
  type ObservedRule,
  type ObservedTable,
} from '../plan/observed.ts'
import { withAbandoned } from './abandoned.ts'
import { featureOf } from './ethtool.ts'
import { type Seen, seeFirewalls } from './firewalls.ts'
import { observePorts } from './hostports.ts'
import { ipShow } from './iproute2.ts'
import { iptablesTable } from './iptables.ts'
import { seeAllRoutes, seeFdb, seeLinks, seeRoutes, seeRules, seeVlans } from './look.ts'
import { nftTable, type Wanted } from './nft.ts'
import { readSysctls } from './sysctl.ts'

/**
 * What the plan will be for. Who makes elements looks at their keys; who takes them away, at what has his mark, which
 * takes as long as there are many, or at their keys where he knows that they are all.
 */
export type Purpose = 'ensure' | 'remove' | 'remove known'

/**
 * @param purpose our nft tables may hold thousands of networks and elements, of which it needs a few; all are looked
 * at without it
 */
export const observe = async (desired: readonly Desired[], purpose?: Purpose): Promise<Observed> => {
  // Interfaces and rules are apart from each other; what belongs to an interface is asked for if it exists.
  const [links, tables, iptables, sysctls, ports, seen] = await Promise.all([
    observeLinks(desired),
    observeTables(desired, purpose),
    observeIptables(desired),
    observeForwarding(desired),
    observePorts(purpose?.startsWith('remove') ? desired.filter(isNoPort) : desired),
    observeFirewalls(desired),
  ])
  const there = desired.filter(
    one => 'dev' in one && one.dev !== undefined && links.has(at(one.netns, one.dev)),
  )
  const [routes, rules, settings, queues, fdb, vlans, offloads] = await Promise.all([
    observeRoutes(there),
    observeRules(desired),
    observeSysctls([...there, ...desired.filter(isContainersOwn)]),
    observeQueues(there),
    observeBridge(there, 'fdb', seeFdb),
    observeBridge(there, 'vlan', seeVlans),
    observeOffloads(there),
  ])
  return {
    links,
    tables,
    iptables: new Map([...iptables, ...seen.filters]),
    firewalls: seen.firewalls,
    routes,
    rules,
    queues,
    fdb,
    vlans,
    offloads,
    ...ports,
    ...sysctls,
    sysctls: new Map([...sysctls.sysctls, ...settings]),
  }
}

/** It is made free by nobody. */
const isNoPort = ({ kind }: Desired) => kind !== 'hostport'

/** A kernel parameter of a container, but of no interface. */
const isContainersOwn = (one: Desired) => one.kind === 'sysctl' && one.netns !== HOST && one.dev === undefined

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
  // To read the first IPv6 address of a process takes longer than all else here.
  const families = ([4, 6] as const).filter(family =>
    desired.some(one => one.kind === 'takeover' || (one.kind === 'addr' && familyOf(one.address) === family)),
  )
  const links = new Map<string, ObservedLink>()
  await Promise.all(
    byNetns(names).map(async ([netns, wanted]) => {
      for (const one of await seeLinks(netns, wanted, families)) links.set(at(netns, one.name), one)
    }),
  )
  return links
}

/** All routes of an interface; of a takeover those of both, for of one they go to the other. */
const bothFamilies = (one: Desired): (readonly [Netns, string])[] => {
  const both = (dev: string) => [4, 6].map(family => [one.netns, `${family}${dev}`] as const)
  if (one.kind === 'takeover') return [one.dev, one.bridge].flatMap(dev => both(` ${dev}`))
  return one.kind === 'unroute' ? both('') : []
}

const observeRoutes = async (desired: readonly Desired[]) => {
  const wanted = desired.flatMap(one =>
    // Of a container all: another interface may have the same.
    one.kind === 'route' ? [[one.netns, `${familyOf(one.to.dst)}`] as const] : bothFamilies(one),
  )
  const routes = new Map<string, ObservedRoute[]>()
  for (const [netns, items] of byNetns(wanted)) {
    for (const item of items) {
      const [family, only] = item.split(' ') as ['4' | '6', string?]
      for (const { dev, ...one } of await routesIn(netns, family === '4' ? 4 : 6, only)) {
        const key = at(netns, dev)
        routes.set(key, [...(routes.get(key) ?? []), one])
      }
    }
  }
  return routes
}

/** All of a namespace, or of one of its interfaces. */
const routesIn = async (netns: Netns, family: 4 | 6, only?: string) =>
  only === undefined
    ? seeAllRoutes(netns, family)
    : (await seeRoutes(netns, family, only)).map(one => ({ ...one, dev: only }))

const observeRules = async (desired: readonly Desired[]) => {
  const wanted = desired.flatMap(one =>
    one.kind === 'rule' ? [[one.netns, familyOf(one.from)] as const] : [],
  )
  const rules = new Map<Netns, ObservedRule[]>()
  for (const [netns, families] of byNetns(wanted))
    for (const family of families) {
      const found = await seeRules(netns, family)
      rules.set(netns, [...(rules.get(netns) ?? []), ...found.filter(({ from }) => from)])
    }
  return rules
}

/** What is known of the devices of all objects of a kind. */
const observeBridge = async <T>(
  desired: readonly Desired[],
  kind: 'fdb' | 'vlan',
  see: (netns: Netns, dev: string) => Promise<T[]>,
): Promise<Map<string, T[]>> => {
  const wanted = desired.flatMap(one => (one.kind === kind ? [[one.netns, one.dev] as const] : []))
  const found = new Map<string, T[]>()
  for (const [netns, devs] of byNetns(wanted))
    for (const dev of devs) found.set(at(netns, dev), await see(netns, dev))
  return found
}

const observeQueues = async (desired: readonly Desired[]) => {
  const devs = desired.flatMap(one =>
    one.kind === 'shaper' || one.kind === 'redirect' ? [[one.netns, one.dev] as const] : [],
  )
  const queues = new Map<string, ObservedQueues>()
  if (devs.length === 0) return queues
  const { seeQueues } = await import('./queues.ts')
  for (const [netns, wanted] of byNetns(devs))
    for (const [dev, found] of await seeQueues(netns, wanted)) queues.set(at(netns, dev), found)
  return queues
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

const observeTables = async (desired: readonly Desired[], purpose?: Purpose) => {
  const names = new Set(
    desired.flatMap(one => (one.kind === 'ruleset' || one.kind === 'element' ? [one.table] : [])),
  )
  const wanted = (name: string) => desired.filter(one => 'table' in one && one.table === name)
  const tables = new Map<string, ObservedTable>()
  for (const name of names) {
    const table = await nftTable(name, purpose && wantedOf(desired, name, purpose))
    if (table) tables.set(name, await withAbandoned(table, wanted(name)))
  }
  return tables
}

/** A ruleset goes with all that is in it. */
const wantedOf = (desired: readonly Desired[], table: string, purpose: Purpose): Wanted | undefined => {
  const rulesets = desired.flatMap(one => (one.kind === 'ruleset' && one.table === table ? [one] : []))
  if (purpose !== 'ensure' && rulesets.length) return undefined
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name)
  return {
    chains: rulesets.flatMap(({ chains }) => names(chains)),
    sets: rulesets.flatMap(({ sets }) => names(sets)),
    elements: desired.flatMap(one =>
      one.kind === 'element' && one.table === table
        ? [{ set: one.set, comment: one.comment, key: purpose === 'remove' ? undefined : one.key }]
        : [],
    ),
    // Whoever wants a port of the host looks for it among those of all networks, also where one address is named.
    groups: desired.flatMap(one =>
      one.kind === 'hostport' && one.table === table
        ? [{ name: one.maps.one }, { name: one.maps.all, keys: portKeys(one) }]
        : [],
    ),
  }
}

const portKeys = ({ protocol, port, count }: HostPort) =>
  Array.from({ length: count }, (_, n) => `${protocol} . ${port + n}`)

const observeIptables = async (desired: readonly Desired[]) => {
  const found = new Map<string, string[]>()
  for (const one of desired)
    if (one.kind === 'iptables' && one.table === 'nat')
      found.set(`${one.command} ${one.table}`, await iptablesTable(one.command, one.table))
  return found
}

/** Who asks for a way through the host is shown whatever stands in it. */
const observeFirewalls = async (desired: readonly Desired[]): Promise<Seen> =>
  desired.some(one => one.kind === 'zone' || (one.kind === 'iptables' && one.table === 'filter'))
    ? seeFirewalls()
    : { firewalls: nothing.firewalls, filters: new Map() }
