/** The zone of firewalld that an interface is in, until firewalld starts anew (firewall-cmd(1), firewalld.zones(5)). */

import { HOST, type Netns } from '../netns.ts'
import type { Common, Kind } from './kind.ts'

export interface Zone extends Common {
  readonly kind: 'zone'
  readonly dev: string
  readonly zone: string
}

export interface ZoneOp {
  readonly op: 'zone.add' | 'zone.remove'
  readonly netns: Netns
  readonly dev: string
  readonly zone: string
}

export const zone: Kind<Zone, ZoneOp> = {
  // Where it does not run there is no zone; one that somebody chose stays.
  ensure({ dev, zone }, { firewalls: { zones } }) {
    return !zones || zones.has(dev) ? [] : [{ op: 'zone.add', netns: HOST, dev, zone }]
  },
  remove({ dev, zone }, { firewalls: { zones } }) {
    return zones?.get(dev) === zone ? [{ op: 'zone.remove', netns: HOST, dev, zone }] : []
  },
  tool: () => 'firewall-cmd',
  line: ({ op, dev, zone }) => `--zone=${zone} --${op === 'zone.add' ? 'add' : 'remove'}-interface=${dev}`,
  words: ({ op, dev, zone }) =>
    op === 'zone.add'
      ? `put ${dev} into firewalld's zone ${zone}`
      : `take ${dev} out of firewalld's zone ${zone}`,
  undo: op => (op.op === 'zone.add' ? [{ ...op, op: 'zone.remove' }] : []),
}
