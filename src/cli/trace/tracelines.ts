/** What `nft monitor trace` prints, read back (nft(8), "MONITOR"). Pure. */

export interface TraceStep {
  /** `inet vethwork masquerade/web` */
  readonly chain: string
  readonly verdict: 'accept' | 'drop' | 'reject' | 'other'
  /** The rule that said so; without it, it was the chain's policy. */
  readonly rule?: string
  /** Of the packet there. */
  readonly iif: string
  readonly oif: string
  readonly saddr: string
}

const LINE = /^trace id (\S+) (\S+ \S+) (\S+) (packet:|rule|verdict|policy) (.*?) *$/

/** In the order in which they happened; a packet keeps its number while it stays the same for the kernel. */
export const stepsOf = (lines: readonly string[]): TraceStep[] => {
  const packets = new Map<string, Pick<TraceStep, 'iif' | 'oif' | 'saddr'>>()
  return lines.flatMap(line => {
    const [, id = '', table = '', name = '', kind, rest = ''] = LINE.exec(line) ?? []
    if (kind === 'packet:') {
      const field = (pattern: RegExp) => pattern.exec(rest)?.[1] ?? ''
      packets.set(id, {
        iif: field(/\biif "([^"]+)"/),
        oif: field(/\boif "([^"]+)"/),
        saddr: field(/\bip6? saddr (\S+)/),
      })
      return []
    }
    const packet = packets.get(id) ?? { iif: '', oif: '', saddr: '' }
    const chain = `${table} ${name}`
    if (kind === 'policy') return [{ chain, verdict: verdictOf(rest), ...packet }]
    if (kind !== 'rule') return []
    const [, rule = '', verdict = ''] = /^(.*) \(verdict ([^)]*)\)$/.exec(rest) ?? []
    return verdict === 'continue' ? [] : [{ chain, verdict: verdictOf(verdict), rule, ...packet }]
  })
}

const verdictOf = (word: string): TraceStep['verdict'] =>
  word === 'accept' || word === 'drop' || word === 'reject' ? word : 'other'

/** `inet firewall onward: drop, by ip saddr 10.44.0.0/16 drop` */
export const stepWords = ({ chain, verdict, rule, iif, oif }: TraceStep) => {
  const devices = [iif && `from ${iif}`, oif && `to ${oif}`].filter(Boolean).join(' ')
  return `${chain}: ${verdict}${rule ? `, by '${rule}'` : ''}${devices ? ` (${devices})` : ''}`
}
