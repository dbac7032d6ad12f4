/** Routing between interfaces, switched on for the whole host (ip_forward). */

import { HOST } from '../netns.ts'
import { at } from '../observed.ts'
import type { Common, Kind } from './kind.ts'
import { type SysctlOp, sysctl } from './sysctl.ts'

export interface Forwarding extends Common {
  readonly kind: 'forwarding'
  readonly family: 4 | 6
}

export const FORWARDING = { 4: 'net/ipv4/ip_forward', 6: 'net/ipv6/conf/all/forwarding' } as const
export const acceptRa = (dev: string) => `net/ipv6/conf/${dev}/accept_ra`

/** A forwarding host that goes on taking its default route from router advertisements (ip-sysctl(7), "accept_ra"). */
export const keepRa = (dev: string): SysctlOp => ({
  op: 'sysctl.set',
  netns: HOST,
  key: acceptRa(dev),
  value: '2',
  was: '1',
  optional: false,
  lasting: true,
})

export const forwarding: Kind<Forwarding, SysctlOp> = {
  ensure({ family }, observed) {
    const key = FORWARDING[family]
    const was = observed.sysctls.get(at(HOST, key))
    if (was === '1') return []
    const on: SysctlOp = {
      op: 'sysctl.set',
      netns: HOST,
      key,
      value: '1',
      was,
      optional: false,
      lasting: true,
    }
    // A forwarding host ignores router advertisements: its own default route would expire (pain 19).
    const uplinks = family === 6 ? observed.advertised : []
    return [...uplinks.map(keepRa), on]
  },
  remove: () => [],
  tool: sysctl.tool,
  line: sysctl.line,
  words: sysctl.words,
  undo: sysctl.undo,
}
