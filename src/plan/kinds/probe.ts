/**
 * Does anybody on the network have the address already? Asked before it is used (RFC 5227 section 2.1.1):
 * the kernel looks for it as for a neighbour; from an interface without addresses that is an ARP probe.
 */

import type { Netns } from '../netns.ts'
import { at } from '../observed.ts'
import type { Common, Kind } from './kind.ts'

export interface Probe extends Common {
  readonly kind: 'probe'
  readonly dev: string
  /** Without prefix lengths. */
  readonly addresses: readonly string[]
}

export interface ProbeOp {
  readonly op: 'probe.ask' | 'probe.await' | 'probe.forget'
  readonly netns: Netns
  readonly dev: string
  readonly address: string
}

export const probe: Kind<Probe, ProbeOp> = {
  // Of an interface that is there already the addresses are its own.
  ensure({ netns, dev, addresses }, observed) {
    if (observed.links.has(at(netns, dev))) return []
    const ops = (op: ProbeOp['op']) => addresses.map((address): ProbeOp => ({ op, netns, dev, address }))
    return [...ops('probe.ask'), ...ops('probe.await'), ...ops('probe.forget')]
  },
  remove: () => [],
  tool: ({ op }) => (op === 'probe.await' ? 'await' : 'ip'),
  line: ({ op, dev, address }) => {
    if (op === 'probe.ask') return `neigh add ${address} dev ${dev} use`
    return op === 'probe.await' ? `neigh show to ${address} dev ${dev}` : `neigh del ${address} dev ${dev}`
  },
  words: ({ op, address }) => {
    if (op === 'probe.ask') return `ask whether somebody has ${address}`
    return op === 'probe.await' ? `use ${address}` : `forget who was asked for ${address}`
  },
  undo: () => [],
}
