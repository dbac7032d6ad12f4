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
    case 'ip -6':
    case 'bridge':
    case 'conntrack':
    case 'tc':
      return `${inside}${kind.tool(op)} ${line}`
    case 'await':
      return `${inside}ip -d ${line}   # until: ${op.op === 'probe.await' ? 'nobody answers' : 'state forwarding'}`
    case 'ethtool':
      return `${inside}ethtool ${line}`
    case 'sysctl':
      return `${inside}sysctl -w ${sysctlWords(line)}`
    case 'nft':
      return `${inside}nft '${line}'`
    case 'firewall-cmd':
      return `firewall-cmd ${line}`
    default: {
      const table = op.op === 'iptables' ? ` -t ${op.table}` : ''
      return `${inside}${kind.tool(op)}${table} ${line.startsWith(':') ? `-N ${line.slice(1).split(' ')[0]}` : line}`
    }
  }
}

/** `net/ipv4/ip_forward = 1` as sysctl(8) and a shell take it; with slashes where an interface's name has a dot. */
const sysctlWords = (line: string) => {
  const [key = '', value = ''] = line.split(/ = (.*)/s)
  const word = `${key.includes('.') ? key : key.replaceAll('/', '.')}=${value}`
  return /^[\w./=@,:+~-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
