/** The ops of traffic control (tc(8)). Handles, classes and parents are as tc has them: `7e:`, `7e:1`, `root`, `ingress`. */

import type { Netns } from '../netns.ts'

interface Doing {
  readonly netns: Netns
  readonly dev: string
  readonly words: string
  /** What takes it back; none where it goes with what it hangs on. */
  readonly undo: readonly TcOp[]
}

/** tc-htb(8); tc-bfifo(8), in bytes; and what only gives filters a place. */
export type Qdisc =
  | { readonly kind: 'htb'; readonly default: number }
  | { readonly kind: 'bfifo'; readonly limit: number }
  | { readonly kind: 'ingress' }

export interface QdiscAdd extends Doing {
  readonly op: 'qdisc.add'
  readonly parent: string
  readonly handle: string
  readonly qdisc: Qdisc
}

export interface QdiscDel extends Doing {
  readonly op: 'qdisc.del'
  readonly parent: 'root' | 'ingress'
}

/** Of htb: bits per second; bytes. */
export interface ClassAdd extends Doing {
  readonly op: 'class.add'
  readonly parent: string
  readonly classid: string
  readonly rate: number
  readonly burst: number
  readonly quantum: number
}

/** By bits of the packet (tc-u32(8)): to a class, or to another device (tc-mirred(8)). */
export interface U32 {
  readonly parent: string
  readonly protocol: Protocol
  readonly prio: number
  /** As a person says it: `ip src 10.0.0.0/8`; and each 32 bits as the kernel keeps them: `0a000000/ff000000@12`. */
  readonly match: string
  readonly keys: readonly string[]
  readonly to: { readonly flowid: string } | { readonly redirect: string }
}

/** A filter without a match would be none. */
export const ANYTHING = { match: 'u32 0 0', keys: ['00000000/00000000@0'] } as const

export type Protocol = 'ip' | 'ipv6' | 'all'

export interface FilterAdd extends Doing, U32 {
  readonly op: 'filter.add'
}

/** All of a preference. */
export interface FilterDel extends Doing {
  readonly op: 'filter.del'
  readonly parent: string
  readonly protocol: Protocol
  readonly prio: number
}

export type TcOp = QdiscAdd | QdiscDel | ClassAdd | FilterAdd | FilterDel

export const isTcOp = (one: { readonly op: string }): one is TcOp => /^(qdisc|class|filter)\./.test(one.op)

/** What all kinds made of such ops have in common. */
export const byTc = {
  tool: () => 'tc' as const,
  line: (op: TcOp) => {
    const [object, verb] = op.op.split('.')
    return `${object} ${verb} dev ${op.dev} ${rest(op)}`
  },
  words: ({ words }: TcOp) => words,
  undo: ({ undo }: TcOp) => [...undo],
}

const rest = (op: TcOp): string => {
  switch (op.op) {
    case 'qdisc.add':
      return op.qdisc.kind === 'ingress'
        ? `handle ${op.handle} ingress`
        : `${below(op.parent)} handle ${op.handle} ${qdiscWords(op.qdisc)}`
    case 'qdisc.del':
      return op.parent
    case 'class.add': {
      const { parent, classid, rate, burst, quantum } = op
      return `${below(parent)} classid ${classid} htb rate ${rate}bit burst ${burst}b cburst ${burst}b quantum ${quantum}`
    }
    case 'filter.add':
      return `${below(op.parent)} ${filterWords(op)}`
    case 'filter.del':
      return `${below(op.parent)} protocol ${op.protocol} prio ${op.prio}`
  }
}

const below = (parent: string) => (parent === 'root' || parent === 'ingress' ? parent : `parent ${parent}`)

const qdiscWords = (qdisc: Exclude<Qdisc, { kind: 'ingress' }>) =>
  qdisc.kind === 'htb' ? `htb default ${qdisc.default}` : `bfifo limit ${qdisc.limit}b`

/** `protocol ip prio 4 u32 match ip src 10.0.0.0/8 flowid 7e:0` */
export const filterWords = ({ protocol, prio, match, to }: Omit<U32, 'parent'>): string => {
  const then = 'flowid' in to ? `flowid ${to.flowid}` : `action mirred egress redirect dev ${to.redirect}`
  return `protocol ${protocol} prio ${prio} u32 match ${match} ${then}`
}
