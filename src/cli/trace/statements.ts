/** What the statements of a rule do: verdicts, jumps, NAT, marks (nft(8), "STATEMENTS"). Pure. */

import type { NftStatement } from '../../plan/observed.ts'
import { ABSENT, type Moment, readOf, UNKNOWN } from './fields.ts'
import { type Answer, elementWith, every, holds, type Table } from './matches.ts'
import type { Packet } from './packet.ts'
import { type Element, keyOf, partsOf, type Rule } from './ruleset.ts'

/** Whether all its matches hold. */
export const matching = ({ expr }: Rule, moment: Moment, table: Table): Answer =>
  every(
    expr.flatMap(statement => {
      if ('match' in statement) return holds(statement, moment, table)
      // Of iptables what is not known here, and what depends on how much went before.
      return 'xt' in statement || 'limit' in statement || 'quota' in statement || 'ct count' in statement
        ? 'maybe'
        : []
    }),
  )

type Verdict =
  | { readonly kind: 'accept' | 'drop'; readonly element?: Element }
  | { readonly kind: 'return' }
  | { readonly kind: 'jump' | 'goto'; readonly target: string }

/** Undefined if it is none, or its map has nothing for the packet. */
export const verdictOf = (statement: NftStatement, moment: Moment, table: Table): Verdict | undefined => {
  if ('accept' in statement || 'queue' in statement) return { kind: 'accept' }
  if ('drop' in statement || 'reject' in statement) return { kind: 'drop' }
  if ('return' in statement) return { kind: 'return' }
  for (const kind of ['jump', 'goto'] as const)
    if (kind in statement) return { kind, target: (statement[kind] as { target: string }).target }
  if (!('vmap' in statement)) return undefined
  const { key, data } = statement.vmap as Lookup
  const element = lookUp(key, data, moment, table)
  const verdict = element && verdictOf(element.value as NftStatement, moment, table)
  return verdict && (verdict.kind === 'accept' || verdict.kind === 'drop') ? { ...verdict, element } : verdict
}

interface Lookup {
  readonly key: unknown
  readonly data: unknown
}

const lookUp = (
  key: unknown,
  data: unknown,
  moment: Moment,
  { ruleset, name }: Table,
): Element | undefined => {
  const values = partsOf(key).map(part => readOf(part, moment))
  if (values.includes(ABSENT) || values.includes(UNKNOWN)) return undefined
  if (typeof data === 'string') {
    const set = ruleset.sets.get(keyOf(name, data.slice(1)))
    return set && elementWith(set, values)
  }
  const elements = ((data as { set?: [unknown, unknown][] }).set ?? []).map(([one, value]) => ({
    key: partsOf(one),
    value,
    comment: '',
  }))
  return elementWith({ fleeting: false, elements }, values)
}

/** `meta mark set …` */
export const marked = (statement: NftStatement, moment: Moment): number | undefined => {
  if (!('mangle' in statement)) return undefined
  const { key, value } = statement.mangle as { key: { meta?: { key: string } }; value: unknown }
  const mark = key.meta?.key === 'mark' ? readOf(value, moment) : undefined
  return typeof mark === 'number' ? mark : undefined
}

interface Nat {
  readonly change: Partial<Packet>
  readonly element?: Element
}

/** What a NAT statement makes of the packet; undefined if it is none, or its map has nothing for it. */
export const natOf = (statement: NftStatement, moment: Moment, table: Table): Nat | undefined => {
  const { packet, own } = moment
  if ('masquerade' in statement) return { change: { saddr: own, translated: [...packet.translated, 'snat'] } }
  if ('redirect' in statement) {
    const { port } = (statement.redirect ?? {}) as { port?: number }
    return { change: { daddr: own, dport: port ?? packet.dport, translated: [...packet.translated, 'dnat'] } }
  }
  const kind = (['dnat', 'snat'] as const).find(one => one in statement)
  if (!kind) return undefined
  const { family, addr, port } = statement[kind] as { family?: string; addr?: unknown; port?: unknown }
  if (family && family !== (packet.family === 4 ? 'ip' : 'ip6')) return undefined
  const { map } = (addr ?? {}) as { map?: Lookup }
  const element = map && lookUp(map.key, map.data, moment, table)
  if (map && !element) return undefined
  const [address, mapped] = partsOf(element ? element.value : addr)
  const to = { address: typeof address === 'string' ? address : undefined, port: mapped ?? port }
  const number = typeof to.port === 'number' ? to.port : undefined
  const translated = [...packet.translated, kind] as const
  return kind === 'dnat'
    ? { change: { daddr: to.address ?? packet.daddr, dport: number ?? packet.dport, translated }, element }
    : { change: { saddr: to.address ?? packet.saddr, sport: number ?? packet.sport, translated }, element }
}
