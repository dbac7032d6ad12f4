/** Routes of a container (ip-route(8)). */

import { familyOf } from '../../../ipam/cidr.ts'
import type { Route as Wanted } from '../../../ipam/lease.ts'
import type { Netns } from '../netns.ts'
import { at, type ObservedRoute } from '../observed.ts'
import type { Common, Kind } from './kind.ts'

export interface Route extends Common {
  readonly kind: 'route'
  readonly dev: string
  readonly to: Wanted
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
    if (found.some(one => isSame(to, one))) return []
    // In its place the kernel takes no second one.
    return [{ op: found.some(one => isInPlace(to, one)) ? 'route.replace' : 'route.add', netns, dev, to }]
  },
  // A route goes with its link.
  remove: () => [],
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
    return op.op === 'route.add' ? [{ ...op, op: 'route.del' }] : []
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
const MAIN = 254

const isDefault = (dst: string) => dst.endsWith('/0')

/** What makes a route the same one to the kernel: destination, table, metric. */
const isInPlace = ({ dst, table, priority }: Wanted, found: ObservedRoute) =>
  dst === found.dst &&
  familyOf(dst) === found.family &&
  String(table ?? MAIN) === found.table &&
  (priority || (found.family === 6 ? 1024 : 0)) === found.priority

const isSame = (to: Wanted, found: ObservedRoute) =>
  to.dst === found.dst &&
  familyOf(to.dst) === found.family &&
  (to.gw ?? '') === found.gw &&
  String(to.table ?? MAIN) === found.table &&
  // Of 0 the kernel makes 1024 for IPv6.
  (!to.priority || to.priority === found.priority) &&
  (to.mtu === undefined || to.mtu === found.mtu) &&
  (to.advmss === undefined || to.advmss === found.advmss)
