/** A plan as people read it: each step in English, and the command that does it. */

import { kindOfOp, type Op } from './kinds/index.ts'
import { HOST } from './netns.ts'
import type { Step } from './plan.ts'

export interface Explained {
  /** `create the bridge br-web` */
  readonly words: string
  /** Which need of the network asks for it. */
  readonly why: string
  /** The command a person would type for it. */
  readonly command: string
}

export const explain = (steps: readonly Step[]): Explained[] =>
  steps.map(({ op, why }) => ({ words: words(op), why, command: command(op) }))

export const words = (op: Op) => kindOfOp(op).words(op)

export const command = (op: Op): string => {
  const kind = kindOfOp(op)
  const line = kind.line(op)
  const inside = op.netns === HOST ? '' : `nsenter --net=${op.netns} `
  switch (kind.tool(op)) {
    case 'ip':
      return `${inside}ip ${line}`
    case 'bridge':
      return `${inside}bridge ${line}`
    case 'await':
      return `${inside}ip -d ${line}   # until: ${op.op === 'probe.await' ? 'nobody answers' : 'state forwarding'}`
    case 'ethtool':
      return `${inside}ethtool ${line}`
    case 'sysctl':
      // With slashes where an interface's name has a dot: sysctl(8) would look for a directory there.
      return `${inside}sysctl -w ${(line.includes('.') ? line : line.replaceAll('/', '.')).replaceAll(' ', '')}`
    case 'nft':
      return `${inside}nft '${line}'`
    case 'iptables':
    case 'ip6tables':
      return `${inside}${kind.tool(op)} -t nat ${line.startsWith(':') ? `-N ${line.slice(1).split(' ')[0]}` : line}`
  }
}
