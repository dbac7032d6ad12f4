/** What an interface leaves to the one below it, as computing checksums (ethtool(8) -K). */

import type { Netns } from '../netns.ts'
import { at } from '../observed.ts'
import type { Common, Kind } from './kind.ts'

export interface Offload extends Common {
  readonly kind: 'offload'
  readonly dev: string
  readonly on: boolean
}

export interface OffloadOp {
  readonly op: 'offload.set'
  readonly netns: Netns
  readonly dev: string
  readonly on: boolean
  /** Where the interface outlives an undoing. */
  readonly was?: boolean
}

/** Checksums of whatever protocol, by where they begin and where they go. */
export const FEATURE = 'tx-checksum-ip-generic'

export const offload: Kind<Offload, OffloadOp> = {
  ensure({ netns, dev, on }, observed) {
    const was = observed.offloads.get(at(netns, dev))
    return was === on ? [] : [{ op: 'offload.set', netns, dev, on, was }]
  },
  // It goes with its interface.
  remove: () => [],
  tool: () => 'ethtool',
  line: ({ dev, on }) => `-K ${dev} ${FEATURE} ${on ? 'on' : 'off'}`,
  words: ({ dev, on }) =>
    on ? `leave checksums to what is below ${dev}` : `compute checksums before packets enter ${dev}`,
  undo: ({ was, ...op }) => (was === undefined ? [] : [{ ...op, on: was }]),
}
