/** One network's chain in a table of iptables or ip6tables, and the jump that leads there (iptables(8)). */

import { isClosed } from '../closed.ts'
import { HOST, type Netns } from '../netns.ts'
import type { Common, Kind, Tool } from './kind.ts'

/** As this host has it, or one of the two that it may have, whose rules are apart: over nftables, and the older one. */
export type IptablesCommand = Extract<Tool, `ip${string}tables${string}`>

export interface Iptables extends Common {
  readonly kind: 'iptables'
  readonly command: IptablesCommand
  readonly table: 'nat' | 'filter'
  /** Who may jump to our chain: the first of these to which a later one jumps, else the last, which is built in. */
  readonly parents: readonly string[]
  /** The jump stands before the parent's other rules. */
  readonly front?: boolean
  /** Only needed while the built-in parent lets nothing pass that no rule accepts. */
  readonly ifClosed?: boolean
  /** At most 28 bytes. */
  readonly chain: string
  /** Whose the chain is. */
  readonly comment: string
  /** Rules without `-A CHAIN`, as iptables-save prints them. */
  readonly rules: readonly string[]
}

export interface IptablesOp {
  readonly op: 'iptables'
  readonly netns: Netns
  readonly tool: IptablesCommand
  readonly table: Iptables['table']
  readonly line: string
  readonly words: string
  readonly undo: readonly IptablesOp[]
}

export const iptables: Kind<Iptables, IptablesOp> = {
  ensure(desired, observed) {
    const { command, table, chain, rules, front, ifClosed } = desired
    const found = observed.iptables.get(`${command} ${table}`) ?? []
    if (ifClosed && !isClosed(found, desired.parents.at(-1) ?? '')) return []
    const missing = rules.filter(rule => !found.includes(`-A ${chain} ${rule}`))
    const op = maker(desired)
    const parent = parentOf(desired, found)
    return [
      // Naming a chain in iptables-restore creates it.
      ...(hasChain(found, chain)
        ? []
        : [
            op(`:${chain} - [0:0]`, `create the ${command} chain ${chain}`, [
              op(`-X ${chain}`, `delete the chain ${chain}`),
            ]),
          ]),
      ...missing.map(rule =>
        op(`-A ${chain} ${rule}`, `add the ${command} rule: ${rule}`, [
          op(`-D ${chain} ${rule}`, `delete the rule: ${rule}`),
        ]),
      ),
      ...(jumps(desired, found).length
        ? []
        : [
            op(
              `${front ? `-I ${parent} 1` : `-A ${parent}`} ${jump(desired)}`,
              `let ${parent} jump to ${chain}`,
              [op(`-D ${parent} ${jump(desired)}`, `let ${parent} pass by ${chain}`)],
            ),
          ]),
    ]
  },

  remove(desired, observed) {
    const { command, table, chain } = desired
    const found = observed.iptables.get(`${command} ${table}`) ?? []
    const op = maker(desired)
    return [
      ...jumps(desired, found).map(parent =>
        op(`-D ${parent} ${jump(desired)}`, `let ${parent} pass by ${chain}`),
      ),
      ...(hasChain(found, chain)
        ? [
            op(`-F ${chain}`, `empty the ${command} chain ${chain}`),
            op(`-X ${chain}`, `delete the ${command} chain ${chain}`),
          ]
        : []),
    ]
  },

  tool: op => op.tool,
  line: op => op.line,
  words: op => op.words,
  undo: op => [...op.undo],
}

const hasChain = (found: readonly string[], chain: string) =>
  found.some(line => line.startsWith(`:${chain} `))

const parentOf = ({ parents }: Iptables, found: readonly string[]) =>
  parents.find((parent, n) =>
    parents.slice(n + 1).some(other => found.includes(`-A ${other} -j ${parent}`)),
  ) ?? parents.at(-1)

/** The parents that jump to our chain. */
const jumps = (desired: Iptables, found: readonly string[]) =>
  desired.parents.filter(parent => found.includes(`-A ${parent} ${jump(desired)}`))

const jump = ({ comment, chain }: Iptables) => `-m comment --comment "${comment}" -j ${chain}`

const maker =
  ({ command, table }: Iptables) =>
  (line: string, words: string, undo: readonly IptablesOp[] = []): IptablesOp => ({
    op: 'iptables',
    netns: HOST,
    tool: command,
    table,
    line,
    words,
    undo,
  })
