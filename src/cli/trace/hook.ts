/** One hook of netfilter: all base chains there, in the order of their priorities (nft(8), "CHAINS"). Pure. */

import type { Moment } from './fields.ts'
import type { Packet } from './packet.ts'
import { type Chain, type Element, keyOf, type Rule, type Ruleset } from './ruleset.ts'
import { marked, matching, natOf, verdictOf } from './statements.ts'

export type Hook = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'

/** A rule, or where there is none a chain's policy, that decided something. */
export interface Decision {
  readonly chain: Chain
  readonly rule?: Rule
  /** The element of a map that said so. */
  readonly element?: Element
}

export interface Passed {
  readonly packet: Packet
  readonly dropped?: Decision
  /** What changed its addresses. */
  readonly translated?: Decision
  /** Chains that let it pass though they have rules. */
  readonly asked: readonly Chain[]
  /** Rules that are not understood, and what would become of the packet by them. */
  readonly doubts: readonly string[]
}

/**
 * @param layer an IP packet, or a frame inside a bridge
 * @param remembered what connection tracking makes of an answer at this hook
 */
export const passHook = (
  ruleset: Ruleset,
  layer: 'ip' | 'bridge',
  hook: Hook,
  moment: Moment,
  remembered: (packet: Packet) => Packet = packet => packet,
): Passed => {
  const run: Run = { ruleset, doubts: [], mayPass: undefined }
  let { packet } = moment
  let translated: Decision | undefined
  const asked: Chain[] = []
  let isDone = false
  const undo = () => {
    if (!isDone) packet = remembered(packet)
    isDone = true
  }
  for (const chain of baseChains(ruleset, layer, hook, packet)) {
    if ((chain.priority ?? 0) >= NAT[hook]) undo()
    // NAT is for the first packet of a connection, and the first that has something to say decides.
    if (chain.type === 'nat' && (packet.isAnswer || translated)) continue
    run.mayPass = undefined
    const end = through(run, chain, { ...moment, packet })
    packet = end.packet
    translated ??= end.translated
    if (chain.rules.length) asked.push(chain)
    const dropped =
      end.verdict === 'drop'
        ? end.by
        : end.verdict === 'end' && chain.policy === 'drop'
          ? { chain }
          : undefined
    if (!dropped) continue
    if (!run.mayPass) return { packet, dropped, translated, asked, doubts: run.doubts }
    run.doubts.push(`whether ${decisionWords(run.mayPass)} lets it pass cannot be told`)
  }
  undo()
  return { packet, translated, asked, doubts: run.doubts }
}

/** Where addresses are changed (NF_IP_PRI_NAT_DST, NF_IP_PRI_NAT_SRC); nothing is where a packet is passed on. */
const NAT: Readonly<Record<Hook, number>> = {
  prerouting: -100,
  output: -100,
  forward: Number.POSITIVE_INFINITY,
  input: 100,
  postrouting: 100,
}

/** `rule 12 "web 3f2a" of the chain 'inet vethwork isolation/web'` */
export const decisionWords = ({ chain, rule }: Decision) =>
  `${rule ? `${rule.text.startsWith('-A') ? `'${rule.text}'` : rule.text} of ` : 'the policy of '}the chain '${chainWords(chain)}'`

export const chainWords = ({ table, name }: Chain) => `${table} ${name}`

const baseChains = ({ chains }: Ruleset, layer: 'ip' | 'bridge', hook: Hook, { family }: Packet): Chain[] => {
  const families = layer === 'bridge' ? ['bridge'] : [family === 4 ? 'ip' : 'ip6', 'inet']
  return [...chains.values()]
    .filter(chain => chain.hook === hook && families.includes(chain.family))
    .sort((a, b) => (a.priority ?? 0) - (b.priority ?? 0))
}

interface Run {
  readonly ruleset: Ruleset
  readonly doubts: string[]
  /** A rule that is not understood and would accept: then a drop behind it is not sure. */
  mayPass: Decision | undefined
}

interface End {
  /** `end`: it came out at the end of the chain. */
  readonly verdict: 'accept' | 'drop' | 'end'
  readonly by?: Decision
  readonly translated?: Decision
  readonly packet: Packet
}

const through = (run: Run, chain: Chain, moment: Moment, depth = 0): End => {
  const table = { ruleset: run.ruleset, name: chain.table }
  let { packet } = moment
  for (const rule of chain.rules) {
    const now = { ...moment, packet }
    const isMatch = matching(rule, now, table)
    if (isMatch === 'no') continue
    const by = { chain, rule }
    for (const statement of rule.expr) {
      const changed = marked(statement, now)
      if (changed !== undefined && isMatch === 'yes') packet = { ...packet, mark: changed }
      const nat = natOf(statement, now, table)
      if (nat && isMatch === 'maybe') run.doubts.push(`${decisionWords(by)} may change its addresses`)
      if (nat && isMatch === 'yes')
        return {
          verdict: 'accept',
          packet: { ...packet, ...nat.change },
          translated: { ...by, element: nat.element },
        }
      const verdict = verdictOf(statement, now, table)
      if (!verdict) continue
      if (verdict.kind === 'return') {
        if (isMatch === 'yes') return { verdict: 'end', packet }
        continue
      }
      const end: End =
        'target' in verdict
          ? entered(run, chain, verdict.target, { ...now, packet }, depth)
          : { verdict: verdict.kind, by: { ...by, element: verdict.element }, packet }
      if (isMatch === 'yes') {
        packet = end.packet
        if (end.verdict !== 'end' || end.translated) return end
        if (verdict.kind === 'goto') return end
      } else if (end.verdict === 'drop') run.doubts.push(`${decisionWords(end.by ?? by)} may drop it`)
      else if (end.verdict === 'accept') run.mayPass ??= by
    }
  }
  return { verdict: 'end', packet }
}

/** The kernel allows 16 jumps (NFT_JUMP_STACK_SIZE). */
const DEEPEST = 16

const entered = (run: Run, { table }: Chain, name: string, moment: Moment, depth: number): End => {
  const chain = run.ruleset.chains.get(keyOf(table, name))
  return chain && depth < DEEPEST
    ? through(run, chain, moment, depth + 1)
    : { verdict: 'end', packet: moment.packet }
}
