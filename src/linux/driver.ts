/** Batches of a plan to the programs that do them. */

import { familyOf } from '../../ipam/cidr.ts'
import type { Batch, BatchFailure, Driver } from '../plan/apply.ts'
import type { ArrivalOp } from '../plan/kinds/arrival.ts'
import { kindOfOp, type Op } from '../plan/kinds/index.ts'
import { MAIN } from '../plan/kinds/route.ts'
import type { Netns } from '../plan/netns.ts'
import { CommandError, classify } from './commanderror.ts'
import { setFeature } from './ethtool.ts'
import { firewallCmd } from './firewalld.ts'
import { routesOf } from './ipjson.ts'
import { ipShow, type LineTool, batch as lines } from './iproute2.ts'
import { iptablesTransaction } from './iptables.ts'
import { seeNeighbour, seePort } from './look.ts'
import { runOps } from './netlink/driver.ts'
import { nftTransaction } from './nft.ts'
import { writeSysctls } from './sysctl.ts'
import { trace } from './trace.ts'

export const driver: Driver = {
  async run(batch, keepGoing) {
    const failures = await runBatch(batch, keepGoing)
    trace(`batch ${batch.tool} ${batch.netns} ${batch.ops.length}`, batch.ops)
    return failures
  },
}

const runBatch: Driver['run'] = (batch, keepGoing) => {
  switch (batch.tool) {
    case 'ip':
    case 'ip -6':
    case 'bridge':
    case 'tc':
      return runLines(batch.tool, batch, keepGoing)
    case 'sysctl':
      return runSysctl(batch, keepGoing)
    case 'ethtool':
      return runEthtool(batch)
    case 'await':
      return runAwait(batch)
    case 'nft':
      return transaction(batch, keepGoing, nftTransaction)
    case 'conntrack':
      return runConntrack(batch)
    case 'firewall-cmd':
      return runFirewallCmd(batch)
    default: {
      const { tool, ops } = batch
      return transaction(batch, keepGoing, lines => iptablesTransaction(tool, tableOf(ops), lines))
    }
  }
}

const runLines = async (
  tool: LineTool | 'ip -6',
  batch: Batch,
  keepGoing: boolean,
): Promise<BatchFailure[]> => {
  const { netns, ops } = batch
  const [program, options] = tool === 'ip -6' ? (['ip', ['-6']] as const) : ([tool, []] as const)
  const failures =
    (await runOps(netns, ops, keepGoing)) ??
    (await lines(program, netns, ops.map(lineOf), options, keepGoing)).failures
  const lost = failures.find(({ index }) => index === undefined)
  const first = failures[0]?.index
  if (first !== undefined && !keepGoing && (await isTaken(ops[first]!, failures[0]!.stderr))) {
    const rest = await runLines(tool, { ...batch, ops: ops.slice(first + 1) }, false)
    return rest.map(one => ({ ...one, done: one.done + first + 1 }))
  }
  if (!lost) return failures.map(({ index = 0, stderr }) => failure(ops[index]!, index, stderr))
  // Which line it was is not known: to be undone is whatever may have been done.
  if (!keepGoing || ops.length === 1) return [failure(ops[0]!, ops.length, lost.stderr)]
  return (await Promise.all(ops.map(op => runLines(tool, { ...batch, ops: [op] }, true)))).flat()
}

/** Another interface of the container has a route to there: the first one stays, as with the reference plugins. */
const isTaken = async (op: Op, stderr: string) => {
  if (op.op !== 'route.add' || classify(stderr) !== 'exists') return false
  const { netns, dev, to } = op
  const family = familyOf(to.dst)
  const line = `route show table ${to.table || MAIN} exact ${to.dst}`
  const found = await ipShow(netns, [line], [`-${family}`, '-N'])
  return found.flatMap(one => routesOf(one, family)).some(one => one.dev !== dev)
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

/** What firewalld refuses must not keep a container from starting: it is seen, and said, afterwards. */
const runFirewallCmd = async ({ ops }: Batch): Promise<BatchFailure[]> => {
  for (const op of ops) await firewallCmd(lineOf(op).split(' '))
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

const runConntrack = async ({ netns, ops }: Batch): Promise<BatchFailure[]> => {
  const { forget } = await import('./conntrack.ts')
  const wrong = await forget(
    netns,
    ops.filter(op => op.op === 'conntrack.del'),
  )
  return wrong ? [failure(wrong.op, 0, wrong.stderr)] : []
}

/** Of source NAT, or of what goes through the host: no command of ours has both. */
const tableOf = ([first]: readonly Op[]) => (first?.op === 'iptables' ? first.table : 'nat')

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

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** Milliseconds that somebody has to answer a probe: many times what a network in one place needs. */
const PATIENCE = 100

/** The first of the addresses for which somebody answers. */
const answers = async (netns: Netns, ops: readonly Op[]): Promise<{ op: Op; mac: string } | undefined> => {
  const deadline = Date.now() + PATIENCE
  do {
    await sleep(20)
    for (const op of ops) {
      const mac = op.op === 'probe.await' ? await seeNeighbour(netns, op.dev, op.address) : ''
      if (mac) return { op, mac }
    }
  } while (Date.now() < deadline)
  return undefined
}

/** A bridge port forwards a moment after both ends of its veth are up: milliseconds, more under load. */
const untilForwarding = async (op: ArrivalOp): Promise<string | undefined> => {
  const deadline = Date.now() + 10_000
  for (let pause = 1; ; pause = Math.min(2 * pause, 50)) {
    const port = await seePort(op.netns, op.name)
    if (!port) return 'it does not exist'
    const { state } = port
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
