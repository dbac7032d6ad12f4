/**
 * What the kernel remembers of who spoke to a published port (conntrack(8)): without TCP's beginnings a flow
 * stays where it was led first, however the rules are by now.
 */

import type { Netns } from '../netns.ts'
import type { Element } from './element.ts'
import type { Common, Kind } from './kind.ts'

export interface Conntrack extends Common {
  readonly kind: 'conntrack'
  readonly family: 4 | 6
  readonly protocol: 'udp' | 'sctp'
  /** Of the host; empty: all that it has. */
  readonly address: string
  readonly port: number
  /** Where it is led to. */
  readonly target: { readonly address: string; readonly port: number }
  /** What leads it there: as long as that is in place, the flows are right. */
  readonly element: Element
}

export interface ConntrackOp {
  readonly op: 'conntrack.del'
  readonly netns: Netns
  readonly line: string
  readonly words: string
}

export const conntrack: Kind<Conntrack, ConntrackOp> = {
  // Those that were led elsewhere, or nowhere: of the host's own addresses, for what passes through is not ours.
  ensure(desired, observed) {
    const { element, address, family, port } = desired
    const { table, set, key, value, comment } = element
    const found = observed.tables
      .get(table)
      ?.sets.get(set)
      ?.find(one => one.key === key)
    if (found?.comment === comment && found.value === value) return []
    const own = observed.hostAddresses.filter(one => one.includes(':') === (family === 6))
    return (address ? [address] : own).map(one => del(desired, `-d ${one} --dport ${port}`, `${one}`))
  },
  remove(desired) {
    const { port, target } = desired
    const led = `--dport ${port} -r ${target.address} --reply-port-src ${target.port}`
    return [del(desired, led, target.address)]
  },
  tool: () => 'conntrack',
  line: op => op.line,
  words: op => op.words,
  undo: () => [],
}

const del = ({ netns, family, protocol, port }: Conntrack, which: string, whose: string): ConntrackOp => ({
  op: 'conntrack.del',
  netns,
  line: `-D -f ipv${family} -p ${protocol} ${which}`,
  words: `forget who spoke to port ${port}/${protocol} of ${whose}`,
})
