/** What belongs to interfaces that are there: routes, queues, neighbours, settings; each is asked for if it is wanted. */

import { familyOf } from '../../ipam/cidr.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { FEATURE } from '../plan/kinds/offload.ts'
import type { Netns } from '../plan/netns.ts'
import { at, type ObservedQueues, type ObservedRoute, type ObservedRule } from '../plan/observed.ts'
import { byNetns } from './bynetns.ts'
import { featureOf } from './ethtool.ts'
import { seeAllRoutes, seeRoutes, seeRules } from './look.ts'
import { readSysctls } from './sysctl.ts'

/** All routes of an interface; of a takeover those of both, for of one they go to the other. */
const bothFamilies = (one: Desired): (readonly [Netns, string])[] => {
  const both = (dev: string) => [4, 6].map(family => [one.netns, `${family}${dev}`] as const)
  if (one.kind === 'takeover') return [one.dev, one.bridge].flatMap(dev => both(` ${dev}`))
  return one.kind === 'unroute' ? both('') : []
}

export const observeRoutes = async (desired: readonly Desired[]) => {
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

export const observeRules = async (desired: readonly Desired[]) => {
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
export const observeBridge = async <T>(
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

export const observeQueues = async (desired: readonly Desired[]) => {
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

export const observeOffloads = async (desired: readonly Desired[]) => {
  const offloads = new Map<string, boolean>()
  for (const one of desired) {
    const on = one.kind === 'offload' ? await featureOf(one.netns, one.dev, FEATURE) : undefined
    if (one.kind === 'offload' && on !== undefined) offloads.set(at(one.netns, one.dev), on)
  }
  return offloads
}

export const observeSysctls = async (desired: readonly Desired[]) => {
  const keys = desired.flatMap(one => (one.kind === 'sysctl' ? [[one.netns, one.key] as const] : []))
  const values = new Map<string, string>()
  for (const [netns, wanted] of byNetns(keys))
    for (const [key, value] of await readSysctls(netns, wanted)) values.set(at(netns, key), value)
  return values
}
