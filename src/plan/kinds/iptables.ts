/** One network's chain in a table of iptables or ip6tables, for hosts without nft (iptables(8)). */

import { HOST, type Netns } from '../netns.ts'
import type { Common, Kind, Tool } from './kind.ts'

export interface Iptables extends Common {
  readonly kind: 'iptables'
  readonly command: 'iptables' | 'ip6tables'
  readonly table: 'nat'
  /** The built-in chain that jumps to ours. */
  readonly parent: 'POSTROUTING'
  /** At most 28 bytes. */
  readonly chain: string
  /** Whose the chain is. */
  readonly comment: string
  /** Rules without `-A CHAIN`. */
  readonly rules: readonly string[]
}

export interface IptablesOp {
  readonly op: 'iptables'
  readonly netns: Netns
  readonly tool: Tool
  readonly line: string
  readonly words: string
  readonly undo: readonly IptablesOp[]
}

export const iptables: Kind<Iptables, IptablesOp> = {
  ensure(desired, observed) {
    const { command, table, parent, chain, rules } = desired
    const found = observed.iptables.get(`${command} ${table}`) ?? []
    const has = (start: string) => found.some(line => line.startsWith(start))
    const missing = rules.filter(rule => !found.includes(`-A ${chain} ${rule}`))
    const op = maker(desired)
    return [
      // Naming a chain in iptables-restore creates it.
      ...(has(`:${chain} `)
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
      ...(has(`-A ${parent} ${jump(desired)}`)
        ? []
        : [
            op(`-A ${parent} ${jump(desired)}`, `let ${parent} jump to ${chain}`, [
              op(`-D ${parent} ${jump(desired)}`, `let ${parent} pass by ${chain}`),
            ]),
          ]),
    ]
  },

  remove(desired, observed) {
    const { command, table, parent, chain } = desired
    const found = observed.iptables.get(`${command} ${table}`) ?? []
    const op = maker(desired)
    return [
      ...found
        .filter(line => line === `-A ${parent} ${jump(desired)}`)
        .map(() => op(`-D ${parent} ${jump(desired)}`, `let ${parent} pass by ${chain}`)),
      ...(found.some(line => line.startsWith(`:${chain} `))
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

const jump = ({ comment, chain }: Iptables) => `-m comment --comment "${comment}" -j ${chain}`

const maker =
  ({ command }: Iptables) =>
  (line: string, words: string, undo: readonly IptablesOp[] = []): IptablesOp => ({
    op: 'iptables',
    netns: HOST,
    tool: command,
    line,
    words,
    undo,
  })
