/** Routes of a container (ip-route(8)). */

import { familyOf } from '../../../ipam/cidr.ts'
import type { Route as Wanted } from '../../../ipam/lease.ts'
import type { Netns } from '../netns.ts'
import { at, type Observed, type ObservedRoute } from '../observed.ts'
import type { Common, Kind } from './kind.ts'

export interface Route extends Common {
  readonly kind: 'route'
  readonly dev: string
  readonly to: Wanted
  /** Its link outlives the attachment: it is deleted by itself. */
  readonly outlived?: boolean
}

export interface RouteOp {
  readonly op: 'route.add' | 'route.del' | 'route.replace'
  readonly netns: Netns
  readonly dev: string
  /** Of route.replace: the interface it leaves. */
  readonly was?: string
  readonly to: Wanted & { readonly protocol?: string; readonly src?: string }
}

export const route: Kind<Route, RouteOp> = {
  ensure({ netns, dev, to }, observed) {
    const found = observed.routes.get(at(netns, dev)) ?? []
    if (found.some(one => isSame(to, one)) || isTaken(netns, dev, to, observed)) return []
    // In its place the kernel takes no second one.
    return [{ op: found.some(one => isInPlace(to, one)) ? 'route.replace' : 'route.add', netns, dev, to }]
  },
  // A route goes with its link.
  remove({ netns, dev, to, outlived }, observed) {
    const found = observed.routes.get(at(netns, dev)) ?? []
    return outlived && found.some(one => isSame(to, one)) ? [{ op: 'route.del', netns, dev, to }] : []
  },
  tool: () => 'ip',
  line({ op, dev, to }) {
    const words = [
      ['via', to.gw],
      ['dev', dev],
      ['metric', to.priority],
      ['table', to.table],
      ['scope', to.scope],
      ['mtu', to.mtu],
      ['advmss', to.advmss],
      ['proto', to.protocol],
      ['src', to.src],
    ].flatMap(([word, value]) => (value === undefined ? [] : [word, value]))
    return [op.replace('.', ' '), to.dst, ...words].join(' ')
  },
  words: ({ op, dev, was, to: { dst, gw } }) =>
    `${op === 'route.replace' && was === undefined ? 'replace' : VERBS[op]} the ${isDefault(dst) ? 'default route' : `route to ${dst}`}${gw ? ` via ${gw}` : ''} on ${dev}`,
  undo(op) {
    if (op.op === 'route.replace' && op.was) return [{ ...op, dev: op.was, was: op.dev }]
    return [{ ...op, op: op.op === 'route.add' ? 'route.del' : 'route.add' }]
  },
}

const VERBS = { 'route.add': 'add', 'route.del': 'delete', 'route.replace': 'move' } as const

/** A route as it was seen, to be made again on another interface. */
export const toRoute = ({
  dst,
  gw,
  table,
  priority,
  mtu,
  advmss,
  protocol,
  src,
}: ObservedRoute): RouteOp['to'] => ({
  dst,
  ...(gw ? { gw } : {}),
  ...(/^\d+$/.test(table) ? { table: Number(table) } : {}),
  ...(priority ? { priority } : {}),
  ...(mtu ? { mtu } : {}),
  ...(advmss ? { advmss } : {}),
  ...(protocol ? { protocol } : {}),
  ...(src ? { src } : {}),
})

/** RT_TABLE_MAIN of rtnetlink(7). */
export const MAIN = 254

const isDefault = (dst: string) => dst.endsWith('/0')

/** What makes a route the same one to the kernel: destination, table, metric. */
const isInPlace = ({ dst, table, priority }: Wanted, found: ObservedRoute) =>
  dst === found.dst &&
  familyOf(dst) === found.family &&
  String(table ?? MAIN) === found.table &&
  (priority || (found.family === 6 ? 1024 : 0)) === found.priority

const isSame = (to: Wanted, found: ObservedRoute) =>
  isSamePlace(to, found) &&
  (to.gw ?? '') === found.gw &&
  (to.mtu === undefined || to.mtu === found.mtu) &&
  (to.advmss === undefined || to.advmss === found.advmss) &&
  // IPv6 has no scopes.
  (to.scope === undefined || found.family === 6 || to.scope === found.scope)

/** The kernel has one route for these. */
const isSamePlace = (to: Wanted, found: ObservedRoute) =>
  to.dst === found.dst &&
  familyOf(to.dst) === found.family &&
  String(to.table || MAIN) === found.table &&
  // Of 0 the kernel makes 1024 for IPv6.
  (!to.priority || to.priority === found.priority)

/** A container on two networks has one default route, that of the first: as with the reference plugins. */
const isTaken = (netns: Netns, dev: string, to: Wanted, { routes }: Observed) =>
  [...routes].some(
    ([key, found]) =>
      key.startsWith(at(netns, '')) && key !== at(netns, dev) && found.some(one => isSamePlace(to, one)),
  )
