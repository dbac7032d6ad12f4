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
  readonly op: 'route.add' | 'route.del'
  readonly netns: Netns
  readonly dev: string
  readonly to: Wanted
}

export const route: Kind<Route, RouteOp> = {
  ensure({ netns, dev, to }, observed) {
    const found = observed.routes.get(at(netns, dev)) ?? []
    return found.some(one => isSame(to, one)) ? [] : [{ op: 'route.add', netns, dev, to }]
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
    ].flatMap(([word, value]) => (value === undefined ? [] : [word, value]))
    return [op.replace('.', ' '), to.dst, ...words].join(' ')
  },
  words: ({ op, dev, to: { dst, gw } }) =>
    `${op === 'route.add' ? 'add' : 'delete'} the ${isDefault(dst) ? 'default route' : `route to ${dst}`}${gw ? ` via ${gw}` : ''} on ${dev}`,
  undo: op => (op.op === 'route.add' ? [{ ...op, op: 'route.del' }] : []),
}

const isDefault = (dst: string) => dst.endsWith('/0')

const isSame = (to: Wanted, found: ObservedRoute) =>
  to.dst === found.dst &&
  familyOf(to.dst) === found.family &&
  (to.gw ?? '') === found.gw &&
  (to.table === undefined || String(to.table) === found.table) &&
  (to.priority === undefined || to.priority === found.priority) &&
  (to.mtu === undefined || to.mtu === found.mtu) &&
  (to.advmss === undefined || to.advmss === found.advmss)
