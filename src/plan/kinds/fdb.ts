/** Entries of a VXLAN device's forwarding database (bridge(8) "fdb"): which VTEP has a MAC address. */

import type { Netns } from '../netns.ts'
import { at } from '../observed.ts'
import type { Common, Kind } from './kind.ts'

export interface Fdb extends Common {
  readonly kind: 'fdb'
  readonly dev: string
  readonly mac: string
  /** Address of the VTEP. */
  readonly dst: string
}

export interface FdbOp {
  readonly op: 'fdb.append' | 'fdb.del'
  readonly netns: Netns
  readonly dev: string
  readonly mac: string
  readonly dst: string
}

/** The address that stands for all: what is unknown or a broadcast goes to every VTEP that has it. */
export const EVERYBODY = '00:00:00:00:00:00'

export const fdb: Kind<Fdb, FdbOp> = {
  ensure({ netns, dev, mac, dst }, observed) {
    const found = observed.fdb.get(at(netns, dev)) ?? []
    return found.some(one => one.mac === mac && one.dst === dst)
      ? []
      : [{ op: 'fdb.append', netns, dev, mac, dst }]
  },
  // An entry goes with its device.
  remove: () => [],
  tool: () => 'bridge',
  line: ({ op, dev, mac, dst }) =>
    `${op.replace('.', ' ')} ${mac} dev ${dev} dst ${dst}${op === 'fdb.append' ? ' self permanent' : ' self'}`,
  words: ({ op, dev, mac, dst }) => {
    const who = mac === EVERYBODY ? 'broadcasts and unknown frames' : `frames for ${mac}`
    return op === 'fdb.append'
      ? `let ${dev} send ${who} to the VTEP ${dst}`
      : `let ${dev} no longer send ${who} to ${dst}`
  },
  undo: op => (op.op === 'fdb.append' ? [{ ...op, op: 'fdb.del' }] : []),
}
