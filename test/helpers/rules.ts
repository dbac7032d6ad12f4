import { stable } from './stable.ts'

export type Facts = Record<string, unknown>

/** `nft -j list ruleset`, without handles and counters; rules keep their place in the chain. */
export const nftFacts = (text: string): Facts => {
  const facts: Facts = {}
  const rules = new Map<string, number>()
  const printed: Record<string, Facts>[] = text.trim() === '' ? [] : JSON.parse(text).nftables
  for (const one of printed) {
    const [kind, object] = Object.entries(one)[0]!
    if (kind === 'metainfo') continue
    const place = [object.family, object.table, object.chain].filter(Boolean).join(' ')
    const number = (rules.get(place) ?? 0) + 1
    if (kind === 'rule') rules.set(place, number)
    const label = kind === 'rule' ? `rule ${place} #${number}` : `${kind} ${place} ${object.name ?? ''}`
    // What the kernel puts into a set by itself and forgets with time.
    if (kind === 'set' && String(object.flags).includes('timeout')) object.elem = undefined
    facts[label] = stable(object, /^(handle|packets|bytes|expires|used|metainfo)$/)
  }
  return facts
}

/** `iptables-save` by table, in order, without comments and counters. */
export const iptablesFacts = (text: string): Facts => {
  const tables: Record<string, string[]> = {}
  let table = ''
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      table = line.slice(1)
      tables[table] = []
    } else if (/^[:-]/.test(line)) tables[table]?.push(line.replace(/\[\d+:\d+\]/g, '').trim())
  }
  return tables
}
