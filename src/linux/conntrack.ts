/** conntrack(8): one look at all flows of a protocol, then a line for each that has any: a line reads them all anew. */

import type { ConntrackOp } from '../plan/kinds/conntrack.ts'
import type { Netns } from '../plan/netns.ts'
import { run } from './exec.ts'

/** One flow, as its first packet began it, and where its answers come from. */
export interface Flow {
  readonly to: string
  readonly port: number
  readonly from: { readonly address: string; readonly port: number }
}

/** Ops for which there is something to do. @throws what conntrack said, if it could not look */
export const withFlows = async (
  netns: Netns,
  ops: readonly ConntrackOp[],
): Promise<{ found: ConntrackOp[]; stderr: string }> => {
  const found: ConntrackOp[] = []
  for (const kind of new Set(ops.map(({ family, protocol }) => `-f ipv${family} -p ${protocol}`))) {
    const { exitCode, stdout, stderr } = await run('conntrack', ['-L', ...kind.split(' ')], { netns })
    if (exitCode !== 0) return { found, stderr: stderr || `conntrack ended with ${exitCode}` }
    const flows = stdout.split('\n').flatMap(flowOf)
    const mine = ops.filter(({ family, protocol }) => `-f ipv${family} -p ${protocol}` === kind)
    found.push(...mine.filter(op => flows.some(isOf(op))))
  }
  return { found, stderr: '' }
}

/** @returns stderr, empty when all was done */
export const conntrackLines = async (netns: Netns, lines: readonly string[]): Promise<string> => {
  const { exitCode, stderr } = await run('conntrack', ['-R', '-'], { netns, input: `${lines.join('\n')}\n` })
  return exitCode === 0 ? '' : stderr || `conntrack ended with ${exitCode}`
}

const isOf =
  ({ port, to, led }: ConntrackOp) =>
  (flow: Flow) =>
    flow.port === port &&
    (!to || to === flow.to) &&
    (!led || (led.address === flow.from.address && led.port === flow.from.port))

/** `udp 17 29 src=… dst=… sport=… dport=… [UNREPLIED] src=… dst=… sport=… dport=… mark=0 use=1` */
export const flowOf = (line: string): Flow[] => {
  const all = (name: string) =>
    [...line.matchAll(new RegExp(` ${name}=(\\S+)`, 'g'))].map(([, value]) => value!)
  const [[, from], [to], [, fromPort], [port]] = [all('src'), all('dst'), all('sport'), all('dport')]
  if (!to || !port || !from || !fromPort) return []
  return [{ to, port: Number(port), from: { address: from, port: Number(fromPort) } }]
}
