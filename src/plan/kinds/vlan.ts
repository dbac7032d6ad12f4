/** VLANs of a port of a VLAN-aware bridge, or of the bridge itself (bridge(8) "vlan"). */

import type { Netns } from '../netns.ts'
import { at } from '../observed.ts'
import type { Common, Kind } from './kind.ts'

export interface Vlan extends Common {
  readonly kind: 'vlan'
  readonly dev: string
  readonly vid: number
  /** What comes in untagged belongs to it, and leaves untagged: an access port. */
  readonly access: boolean
  /** Of the bridge itself, as the host's port. */
  readonly self: boolean
  /** A port is born in the bridge's default VLAN, 1: false takes it out. */
  readonly member: boolean
}

export interface VlanOp {
  readonly op: 'vlan.add' | 'vlan.del'
  readonly netns: Netns
  readonly dev: string
  readonly vid: number
  readonly access: boolean
  readonly self: boolean
}

export const vlan: Kind<Vlan, VlanOp> = {
  ensure({ netns, dev, vid, access, self, member }, observed) {
    const seen = observed.vlans.get(at(netns, dev))
    const found = seen?.find(one => one.vid === vid)
    if (!member) return found || !seen ? [{ op: 'vlan.del', netns, dev, vid, access, self }] : []
    const has = found && found.pvid === access && found.untagged === access
    return has ? [] : [{ op: 'vlan.add', netns, dev, vid, access, self }]
  },
  // It goes with its port.
  remove: () => [],
  tool: () => 'bridge',
  line: ({ op, dev, vid, access, self }) =>
    [
      op.replace('.', ' '),
      'dev',
      dev,
      'vid',
      vid,
      ...(op === 'vlan.add' && access ? ['pvid', 'untagged'] : []),
      ...(self ? ['self'] : []),
    ].join(' '),
  words: ({ op, dev, vid, access }) =>
    op === 'vlan.add'
      ? `let ${dev} be ${access ? 'an access port' : 'a tagged port'} of VLAN ${vid}`
      : `take ${dev} out of VLAN ${vid}`,
  undo: op => (op.op === 'vlan.add' ? [{ ...op, op: 'vlan.del' }] : []),
}
