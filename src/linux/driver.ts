/** Batches of a plan to the programs that do them. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Batch, BatchFailure, Driver } from '../plan/apply.ts'
import { kindOfOp, type Op } from '../plan/kinds/index.ts'
import type { Netns } from '../plan/netns.ts'
import { CommandError } from './commanderror.ts'
import { setFeature } from './ethtool.ts'
import { ipShow, batch as lines } from './iproute2.ts'
import { iptablesTransaction } from './iptables.ts'
import { nftTransaction } from './nft.ts'
import { writeSysctls } from './sysctl.ts'

export const driver: Driver = {
  run(batch, keepGoing) {
    switch (batch.tool) {
      case 'ip':
      case 'bridge':
        return runLines(batch.tool, batch, keepGoing)
      case 'sysctl':
        return runSysctl(batch, keepGoing)
      case 'ethtool':
        return runEthtool(batch)
      case 'await':
        return runAwait(batch)
      case 'nft':
        return transaction(batch, keepGoing, nftTransaction)
      case 'iptables':
      case 'ip6tables': {
        const { tool } = batch
        return transaction(batch, keepGoing, lines => iptablesTransaction(tool, 'nat', lines))
      }
    }
  },
}

const runLines = async (tool: 'ip' | 'bridge', batch: Batch, keepGoing: boolean): Promise<BatchFailure[]> => {
  const { netns, ops } = batch
  const { failures } = await lines(tool, netns, ops.map(lineOf), [], keepGoing)
  const lost = failures.find(({ index }) => index === undefined)
  if (!lost) return failures.map(({ index = 0, stderr }) => failure(ops[index]!, index, stderr))
  // Which line it was is not known: to be undone is whatever may have been done.
  if (!keepGoing || ops.length === 1) return [failure(ops[0]!, ops.length, lost.stderr)]
  return (await Promise.all(ops.map(op => runLines(tool, { ...batch, ops: [op] }, true)))).flat()
}

/** Neighbours in a batch that set the same value go together. */
const runSysctl = async ({ netns, ops }: Batch, keepGoing: boolean) => {
  const failures: BatchFailure[] = []
  for (let from = 0; from < ops.length; ) {
    const { value } = sysctlOp(ops[from]!)
    const length = ops.slice(from).findIndex(op => sysctlOp(op).value !== value)
    const run = length < 0 ? ops.slice(from) : ops.slice(from, from + length)
    const failed = await writeSysctls(
      netns,
      value,
      run.map(op => sysctlOp(op).key),
    )
    run.forEach((op, n) => {
      const stderr = failed.get(sysctlOp(op).key)
      if (stderr === undefined) return
      const one = failure(op, from + n, stderr)
      if (!(one.missing && sysctlOp(op).optional)) failures.push(one)
    })
    if (failures.length && !keepGoing) break
    from += run.length
  }
  return failures
}

const sysctlOp = (op: Op) => {
  if (op.op !== 'sysctl.set') throw new TypeError(`not a sysctl: ${op.op}`)
  return op
}

/** One process each. */
const runEthtool = async ({ netns, ops }: Batch): Promise<BatchFailure[]> => {
  for (const [n, op] of ops.entries()) {
    const stderr = await setFeature(netns, lineOf(op))
    if (stderr) return [failure(op, n, stderr)]
  }
  return []
}

/** All or nothing; where one may go on, each line is tried by itself after the whole has failed. */
const transaction = async (
  { ops }: Batch,
  keepGoing: boolean,
  commit: (lines: readonly string[]) => Promise<string>,
): Promise<BatchFailure[]> => {
  const stderr = await commit(ops.map(lineOf))
  if (!stderr) return []
  if (!keepGoing || ops.length === 1) return [{ ...failure(culprit(ops, stderr), 0, stderr), done: 0 }]
  const failures: BatchFailure[] = []
  for (const [n, op] of ops.entries()) {
    const alone = await commit([lineOf(op)])
    if (alone) failures.push(failure(op, n, alone))
  }
  return failures
}

/** nft names the line as `/dev/stdin:2:1-9`, iptables-restore as `line 3` of which the first is `*nat`. */
const culprit = (ops: readonly Op[], stderr: string): Op => {
  const nft = /\/dev\/stdin:(\d+):/.exec(stderr)
  const iptables = /line:? (\d+)/.exec(stderr)
  const index = nft ? Number(nft[1]) - 1 : iptables ? Number(iptables[1]) - 2 : 0
  return ops[index] ?? ops[0]!
}

/** Waits for what the kernel does a moment later by itself. */
const runAwait = async ({ netns, ops }: Batch): Promise<BatchFailure[]> => {
  const probes = ops.filter(({ op }) => op === 'probe.await')
  const answered = probes.length ? await answers(netns, probes) : undefined
  if (answered) return [failure(answered.op, ops.indexOf(answered.op), `${answered.mac} has it already`)]
  for (const [n, op] of ops.entries()) {
    const wrong = op.op === 'arrival.await' ? await untilForwarding(op) : undefined
    if (wrong) return [failure(op, n, wrong)]
  }
  return []
}

/** Milliseconds that somebody has to answer a probe: many times what a network in one place needs. */
const PATIENCE = 100

/** The first of the addresses for which somebody answers. */
const answers = async (netns: Netns, ops: readonly Op[]): Promise<{ op: Op; mac: string } | undefined> => {
  const deadline = Date.now() + PATIENCE
  do {
    await sleep(20)
    const found = (await ipShow(netns, ops.map(lineOf))) as { dst: string; lladdr?: string }[]
    const known = found.find(({ lladdr }) => lladdr !== undefined)
    const op = known && ops.find(one => 'address' in one && one.address === known.dst)
    if (op) return { op, mac: known.lladdr ?? '' }
  } while (Date.now() < deadline)
  return undefined
}

/** A bridge port forwards a moment after both ends of its veth are up: milliseconds, more under load. */
const untilForwarding = async (op: Op): Promise<string | undefined> => {
  const deadline = Date.now() + 10_000
  for (let pause = 1; ; pause = Math.min(2 * pause, 50)) {
    const [link] = await ipShow(op.netns, [lineOf(op)])
    if (!link) return 'it does not exist'
    const state = link.linkinfo?.info_slave_data?.state
    if (state === 'forwarding') return undefined
    if (state === undefined) return 'its bridge does not exist'
    if (Date.now() > deadline) return `its state is still ${state} after 10 s`
    await sleep(pause)
  }
}

const lineOf = (op: Op) => kindOfOp(op).line(op)

const failure = (op: Op, done: number, stderr: string): BatchFailure => {
  const kind = kindOfOp(op)
  const error = new CommandError(kind.tool(op), kind.line(op), stderr, kind.words(op))
  return { op, done, error, missing: error.kind === 'missing' }
}
