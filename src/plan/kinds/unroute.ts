/**
 * An interface without routes in the main table, which is for what has no source address yet: its routes are in tables
 * of their own. What the kernel needs for itself, fe80::/64, stays.
 */

import { at, type ObservedRoute } from '../observed.ts'
import type { Common, Kind } from './kind.ts'
import { MAIN, type RouteOp, toRoute } from './route.ts'

export interface Unroute extends Common {
  readonly kind: 'unroute'
  readonly dev: string
}

export const unroute: Kind<Unroute, RouteOp> = {
  ensure: ({ netns, dev }, observed) =>
    (observed.routes.get(at(netns, dev)) ?? [])
      .filter(({ table, dst }) => table === String(MAIN) && !dst.startsWith('fe80:'))
      // Those to gateways first: they hang on the others.
      .toSorted((a, b) => Number(a.gw === '') - Number(b.gw === ''))
      .map((one: ObservedRoute): RouteOp => ({ op: 'route.del', netns, dev, to: toRoute(one) })),
  // Nobody misses them without the rules that go at the same time; they go with the link.
  remove: () => [],
  tool: () => 'ip',
  line: () => '',
  words: () => '',
  undo: () => [],
}
