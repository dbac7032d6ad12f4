/** What the host remembers of a container's address; it must not outlive the container (ip-neighbour(8)). */

import type { Netns } from '../netns.ts'
import { at } from '../observed.ts'
import type { Common, Kind } from './kind.ts'

export interface Neigh extends Common {
  readonly kind: 'neigh'
  readonly dev: string
  readonly address: string
}

export interface NeighOp {
  readonly op: 'neigh.del'
  readonly netns: Netns
  readonly dev: string
  readonly address: string
}

export const neigh: Kind<Neigh, NeighOp> = {
  // The kernel makes it by itself when it talks to the container.
  ensure: () => [],
  remove: ({ netns, dev, address }, observed) =>
    observed.links.has(at(netns, dev)) ? [{ op: 'neigh.del', netns, dev, address }] : [],
  tool: () => 'ip',
  line: ({ dev, address }) => `neigh del ${address} dev ${dev}`,
  words: ({ dev, address }) => `forget the neighbour ${address} on ${dev}`,
  undo: () => [],
}
