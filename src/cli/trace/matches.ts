/** Whether a match of a rule holds for a packet: yes, no, or maybe, where the model does not follow it. Pure. */

import { parseAddress } from '../../../ipam/address.ts'
import type { NftStatement } from '../../plan/observed.ts'
import { ABSENT, type Moment, readOf, UNKNOWN } from './fields.ts'
import { type Element, keyOf, partsOf, type RuleSet, type Ruleset } from './ruleset.ts'

export type Answer = 'yes' | 'no' | 'maybe'

const answer = (is: boolean): Answer => (is ? 'yes' : 'no')
export const not = (one: Answer): Answer => (one === 'maybe' ? 'maybe' : answer(one === 'no'))
export const every = (all: readonly Answer[]): Answer =>
  all.includes('no') ? 'no' : all.includes('maybe') ? 'maybe' : 'yes'
const some = (all: readonly Answer[]): Answer =>
  all.includes('yes') ? 'yes' : all.includes('maybe') ? 'maybe' : 'no'

/** Where rules and the sets of their table are. */
export interface Table {
  readonly ruleset: Ruleset
  readonly name: string
}

interface Match {
  readonly op: string
  readonly left: unknown
  readonly right: unknown
}

export const holds = (statement: NftStatement, moment: Moment, table: Table): Answer => {
  const { op, left, right } = statement.match as Match
  const values = partsOf(left).map(part => readOf(part, moment))
  if (values.includes(ABSENT)) return 'no'
  if (values.includes(UNKNOWN)) return 'maybe'
  if (op === '!=') return not(isIn(values, right, moment, table))
  // Of flags `==` means just these, and `in` any of them.
  if (op === '==' && Array.isArray(values[0])) return sameFlags(values[0], right)
  if (op === '==' || op === 'in') return isIn(values, right, moment, table)
  const [value] = values
  if (typeof value !== 'number' || typeof right !== 'number') return 'maybe'
  return answer({ '<': value < right, '>': value > right, '<=': value <= right, '>=': value >= right }[op]!)
}

const sameFlags = (flags: readonly unknown[], right: unknown): Answer => {
  const members = (right as { set?: unknown[] } | null)?.set
  if (members) return some(members.map(one => sameFlags(flags, one)))
  const wanted = [right].flat()
  return answer(wanted.length === flags.length && wanted.every(one => flags.includes(one)))
}

/** Whether a value, or several joined, are what stands on the right: one, a set of some, or a named set. */
const isIn = (values: readonly unknown[], right: unknown, { packet }: Moment, table: Table): Answer => {
  if (typeof right === 'string' && right.startsWith('@')) {
    const set = table.ruleset.sets.get(keyOf(table.name, right.slice(1)))
    if (!set) return 'maybe'
    // What it remembers is who was let pass: answers find it, who is new does not.
    if (set.fleeting) return answer(packet.isAnswer)
    return answer(elementWith(set, values) !== undefined)
  }
  const members = (right as { set?: unknown[] } | null)?.set
  if (members) return some(members.map(one => equals(values, partsOf(boxed(one)))))
  return equals(values, partsOf(right))
}

/** An element with a comment is in a box. */
const boxed = (one: unknown) => (one as { elem?: { val: unknown } } | null)?.elem?.val ?? one

/** The element of a set or map that has this key. */
export const elementWith = ({ elements }: RuleSet, values: readonly unknown[]): Element | undefined =>
  elements.find(({ key }) => equals(values, key) === 'yes')

const equals = (values: readonly unknown[], parts: readonly unknown[]): Answer =>
  values.length === parts.length ? every(values.map((value, n) => fits(value, parts[n]))) : 'maybe'

const fits = (value: unknown, part: unknown): Answer => {
  // Flags: one of them is enough.
  if (Array.isArray(value)) return answer([part].flat().some(one => value.includes(one)))
  if (Array.isArray(part)) return some(part.map(one => fits(value, one)))
  if (part !== null && typeof part === 'object') {
    const { prefix, range } = part as {
      prefix?: { addr: string; len: number }
      range?: [string | number, string | number]
    }
    if (prefix) return answer(isWithin(String(value), prefix.addr, prefix.len))
    if (range) return answer(isBetween(value, range))
    return 'maybe'
  }
  if (typeof part === 'string' && part.endsWith('*'))
    return answer(String(value).startsWith(part.slice(0, -1)))
  return answer(value === part || same(String(value), String(part)))
}

/** A number may be written as a word: `ipv6-icmp` and `icmpv6`, 6 and `tcp`. */
const same = (one: string, other: string) => (aliases[one] ?? one) === (aliases[other] ?? other)
const aliases: Readonly<Record<string, string>> = {
  'ipv6-icmp': 'icmpv6',
  '1': 'icmp',
  '6': 'tcp',
  '17': 'udp',
  '58': 'icmpv6',
  '132': 'sctp',
}

const isWithin = (value: string, addr: string, length: number): boolean => {
  const [a, b] = [addressOf(value), addressOf(addr)]
  if (!a || !b || a.family !== b.family) return false
  const shift = BigInt((a.family === 4 ? 32 : 128) - length)
  return a.value >> shift === b.value >> shift
}

const isBetween = (value: unknown, [from, to]: readonly [string | number, string | number]): boolean => {
  if (typeof value === 'number') return value >= Number(from) && value <= Number(to)
  const [at, first, last] = [value, from, to].map(one => addressOf(String(one)))
  return Boolean(at && first && last && at.value >= first.value && at.value <= last.value)
}

const addressOf = (text: string) => {
  try {
    return parseAddress(text)
  } catch {
    return undefined
  }
}
