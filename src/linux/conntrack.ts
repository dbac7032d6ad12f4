/** Flows are forgotten by netlink, else by conntrack(8). */

import { type ConntrackOp, conntrack, type Flow, isOf } from '../plan/kinds/conntrack.ts'
import type { Netns } from '../plan/netns.ts'
import { run } from './exec.ts'
import { NetlinkError } from './netlink/errno.ts'
import { NetnsError } from './netlink/namespace.ts'

/** @returns what went wrong, and with which; undefined if nothing did */
export const forget = async (
  netns: Netns,
  ops: readonly ConntrackOp[],
): Promise<{ op: ConntrackOp; stderr: string } | undefined> => {
  try {
    const { forgetFlows } = await import('./netlink/flows.ts')
    return (await forgetFlows(netns, ops)) ? undefined : byProgram(netns, ops)
  } catch (error) {
    if (!(error instanceof NetlinkError || error instanceof NetnsError)) throw error
    return { op: ops[0]!, stderr: error.message }
  }
}

/** One look at all flows of a protocol, then a line for each op that has any: a line reads them all anew. */
const byProgram: typeof forget = async (netns, ops) => {
  const found: ConntrackOp[] = []
  for (const kind of new Set(ops.map(kindOf))) {
    const { exitCode, stdout, stderr } = await run('conntrack', ['-L', ...kind.split(' ')], { netns })
    if (exitCode !== 0) return { op: ops[0]!, stderr: stderr || `conntrack ended with ${exitCode}` }
    const flows = stdout.split('\n').flatMap(flowOf)
    found.push(...ops.filter(op => kindOf(op) === kind && flows.some(isOf(op))))
  }
  if (!found.length) return undefined
  const input = found.map(op => `${conntrack.line(op)}\n`).join('')
  // It stops at the first line that it does not understand, and says of none how far it came.
  const { exitCode, stderr } = await run('conntrack', ['-R', '-'], { netns, input })
  return exitCode === 0 ? undefined : { op: found[0]!, stderr: stderr || `conntrack ended with ${exitCode}` }
}

const kindOf = ({ family, protocol }: ConntrackOp) => `-f ipv${family} -p ${protocol}`

/** `udp 17 29 src=… dst=… sport=… dport=… [UNREPLIED] src=… dst=… sport=… dport=… mark=0 use=1` */
export const flowOf = (line: string): Flow[] => {
  const all = (name: string) =>
    [...line.matchAll(new RegExp(` ${name}=(\\S+)`, 'g'))].map(([, value]) => value!)
  const [[, from], [to], [, fromPort], [port]] = [all('src'), all('dst'), all('sport'), all('dport')]
  if (!to || !port || !from || !fromPort) return []
  return [{ to, port: Number(port), from: { address: from, port: Number(fromPort) } }]
}
