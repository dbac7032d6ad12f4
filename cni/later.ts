/** Plugins of ours may stand behind this one in a chain: what they have changed of its plug is theirs to check. */

import type { Owner } from '../ipam/lease.ts'
import { recall } from '../src/linux/records.ts'
import type { Desired } from '../src/plan/kinds/index.ts'
import { HOST, type Netns } from '../src/plan/netns.ts'
import type { Endpoint } from '../src/services/service.ts'
import { CHAINED } from './personality.ts'

/** A description without it; a chained plugin's own is whole. */
export const withoutLater = (desired: readonly Desired[], owner: Owner, plugin: string): Desired[] => {
  const names = CHAINED.includes(plugin) ? [] : CHAINED
  const later = names.flatMap(name => recall(owner, name)?.endpoint ?? [])
  return later.reduce((left, one) => left.flatMap(without(one, owner.ifname)), [...desired])
}

const without =
  ({ originals, tables }: Endpoint, ifname: string) =>
  (one: Desired): Desired[] => {
    const isInside = (netns: Netns, name: string) => netns !== HOST && name === ifname
    const kept = <T extends { readonly settings: object }>(end: T): T => ({
      ...end,
      settings: omit(end.settings, Object.keys(originals?.settings ?? {})),
    })
    switch (one.kind) {
      case 'sysctl':
        return one.dev === ifname && one.key in (originals?.sysctls ?? {}) ? [] : [one]
      case 'route':
        // sbr moves those of the main table.
        return tables && one.to.table === undefined && one.dev === ifname ? [] : [one]
      case 'link':
        if (one.peer && isInside(one.peer.netns, one.peer.name)) return [{ ...one, peer: kept(one.peer) }]
        return [isInside(one.netns, one.name) ? kept(one) : one]
      default:
        return [one]
    }
  }

const omit = (from: object, names: readonly string[]) =>
  Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)))
