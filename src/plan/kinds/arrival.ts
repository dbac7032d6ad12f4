/**
 * The arrival of a new interface on its bridge. Not a state, but two moments: its port
 * forwards (the kernel gets to that a moment after both ends are up), and then the
 * neighbours are told the address (gratuitous ARP, RFC 5227; unsolicited NA, RFC 4861 7.2.6).
 */

import { HOST, type Netns } from '../netns.ts'
import { at } from '../observed.ts'
import type { Common, Kind } from './kind.ts'

export interface Arrival extends Common {
  readonly kind: 'arrival'
  readonly name: string
  readonly mac?: string
  /** The port on the host, if it is plugged into a bridge. */
  readonly port?: string
}

export type ArrivalOp =
  | { readonly op: 'arrival.await'; readonly netns: Netns; readonly name: string }
  | { readonly op: 'arrival.announce'; readonly netns: Netns; readonly name: string; readonly mac: string }

export const arrival: Kind<Arrival, ArrivalOp> = {
  ensure({ netns, name, mac, port }, observed) {
    if (observed.links.has(at(netns, name))) return []
    const ops: ArrivalOp[] = []
    if (port) ops.push({ op: 'arrival.await', netns: HOST, name: port })
    if (mac) ops.push({ op: 'arrival.announce', netns, name, mac })
    return ops
  },
  remove: () => [],
  tool: op => (op.op === 'arrival.await' ? 'await' : 'ip'),
  // Setting the address it has makes the kernel send what arp_notify and ndisc_notify ask for.
  line: op =>
    op.op === 'arrival.await' ? `link show dev ${op.name}` : `link set dev ${op.name} address ${op.mac}`,
  words: op =>
    op.op === 'arrival.await'
      ? `wait until the port ${op.name} forwards`
      : `announce the addresses of ${op.name}`,
  undo: () => [],
}
