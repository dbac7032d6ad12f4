/**
 * What the kernel remembers of who spoke to a published port (conntrack(8)): without TCP's beginnings a flow
 * stays where it was led first, however the rules are by now.
 */

import type { Netns } from '../netns.ts'
import type { Observed } from '../observed.ts'
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
  /** When the port begins to lead there, or ends: each time after the element. */
  readonly when: 'begins' | 'ends'
}

/** Flows to a port: those to one address of the host, or those that were led to a container. */
export interface ConntrackOp {
  readonly op: 'conntrack.del'
  readonly netns: Netns
  readonly family: 4 | 6
  readonly protocol: 'udp' | 'sctp'
  readonly port: number
  readonly to?: string
  readonly led?: { readonly address: string; readonly port: number }
}

/** One flow, as its first packet began it, and where its answers come from. */
export interface Flow {
  readonly to: string
  readonly port: number
  readonly from: { readonly address: string; readonly port: number }
}

/** Whether an op is about a flow of its family and protocol. */
export const isOf =
  ({ port, to, led }: ConntrackOp) =>
  (flow: Flow) =>
    flow.port === port &&
    (!to || to === flow.to) &&
    (!led || (led.address === flow.from.address && led.port === flow.from.port))

export const conntrack: Kind<Conntrack, ConntrackOp> = {
  // Those that were led elsewhere, or nowhere: to the host's own addresses, for what passes through is not ours.
  ensure(desired, observed) {
    const { address, family, when } = desired
    if (when !== 'begins' || foundOf(desired, observed)?.value === desired.element.value) return []
    const own = observed.hostAddresses.filter(
      one => one.includes(':') === (family === 6) && !isLinkLocal(one),
    )
    return (address ? [address] : own).map(to => ({ ...flows(desired), to }))
  },
  remove: (desired, observed) =>
    desired.when === 'ends' && foundOf(desired, observed) ? [{ ...flows(desired), led: desired.target }] : [],
  tool: () => 'conntrack',
  line: ({ family, protocol, port, to, led }) =>
    [
      `-D -f ipv${family} -p ${protocol}`,
      ...(to ? [`-d ${to}`] : []),
      `--dport ${port}`,
      ...(led ? [`-r ${led.address} --reply-port-src ${led.port}`] : []),
    ].join(' '),
  words: ({ protocol, port, to, led }) =>
    `forget who spoke to port ${port}/${protocol} ${to ? `of ${to}` : `and was led to ${led?.address}`}`,
  undo: () => [],
}

/** The element, if it is in place. */
const foundOf = ({ element: { table, set, key, comment } }: Conntrack, observed: Observed) =>
  observed.tables
    .get(table)
    ?.sets.get(set)
    ?.find(one => one.key === key && one.comment === comment)

/** Every port of a bridge has one; nobody speaks to it from afar. */
const isLinkLocal = (address: string) => /^fe[89ab]/.test(address)

const flows = ({ netns, family, protocol, port }: Conntrack) =>
  ({ op: 'conntrack.del', netns, family, protocol, port }) as const
