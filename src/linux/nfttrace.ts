/** Real packets of one flow, watched on their way through nftables: a table of our own for the time, and nft(8) "monitor". */

import { existsSync, readFileSync } from 'node:fs'
import { CniError, codes } from '../../cni/errors.ts'
import { requireTool, run } from './exec.ts'
import { follow } from './follow.ts'
import { nftTables } from './nft.ts'

const PREFIX = 'vethwork-trace-'
const FAMILIES = ['inet', 'bridge'] as const
const name = () => `${PREFIX}${process.pid}`
/** A busy service has many packets that look like ours: more of them are neither marked nor kept. */
const MOST = { rate: 'limit rate 200/second burst 100 packets', lines: 20_000 } as const

/**
 * Watches while `work` is done, and some moments longer.
 * @param matches of nft, `ip daddr 192.0.2.1 tcp dport 80`: each is one direction
 * @returns the lines that nft printed
 * @throws CniError if nft cannot; whatever `work` throws
 */
export const watching = async <T>(
  matches: readonly string[],
  work: () => Promise<T>,
): Promise<{ readonly lines: readonly string[]; readonly result: T }> => {
  await requireTool('nft')
  await sweep()
  const lines: string[] = []
  const stop = new AbortController()
  const stopped = onSignals(() => remove())
  try {
    await nft(FAMILIES.flatMap(family => tableText(family, matches)))
    const following = follow('nft', ['monitor', 'trace'], keep(lines), stop.signal)
    // Its failure is told when it is waited for.
    following.catch(() => {})
    await heard()
    const result = await work()
    await quiet(lines)
    stop.abort()
    await following
    return { lines, result }
  } finally {
    stop.abort()
    await remove()
    stopped()
  }
}

const keep = (lines: string[]) => (line: string) => {
  if (lines.length < MOST.lines) lines.push(line)
}

/** Before all others, and behind them: what gets there was let pass. */
const tableText = (family: (typeof FAMILIES)[number], matches: readonly string[]): string[] => {
  const chain = (hook: string, priority: number) =>
    `add chain ${family} ${name()} ${hook} { type filter hook ${hook} priority ${priority}; }`
  const mark = matches.map(match => `${match} ${MOST.rate} meta nftrace set 1`)
  return [
    `add table ${family} ${name()}`,
    ...(['prerouting', 'output'] as const).map(hook => chain(hook, -500)),
    ...(['input', 'postrouting'] as const).map(hook => chain(hook, 500)),
    ...(['prerouting', 'output'] as const).flatMap(hook =>
      mark.map(rule => `add rule ${family} ${name()} ${hook} ${rule}`),
    ),
  ]
}

const nft = async (lines: readonly string[]) => {
  const { exitCode, stderr } = await run('nft', ['-f', '-'], { input: `${lines.join('\n')}\n` })
  if (exitCode !== 0)
    throw new CniError(codes.command, `cannot watch packets: ${stderr.trim()}`, 'ask without --live')
}

const remove = async () => {
  for (const family of FAMILIES) await run('nft', ['delete', 'table', family, name()])
}

/** What one that was killed (SIGKILL) left behind. */
const sweep = async () => {
  for (const table of await nftTables()) {
    const [family = '', name = ''] = table.split(' ')
    const pid = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined
    if (pid && !existsSync(`/proc/${pid}`)) await run('nft', ['delete', 'table', family, name])
  }
}

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** Who is told to end cleans up before. @returns what ends this */
const onSignals = (cleanUp: () => Promise<void>) => {
  const handlers = Object.entries(SIGNALS).map(([signal, status]) => {
    const handler = () => void cleanUp().finally(() => process.exit(status))
    // Not once: execa would find nobody who minds, and end us at once.
    process.on(signal, handler)
    return () => void process.removeListener(signal, handler)
  })
  return () => {
    for (const end of handlers) end()
  }
}

/** <linux/netlink.h>; NFNLGRP_NFTRACE of <linux/netfilter/nfnetlink.h> is group 9. */
const NETLINK_NETFILTER = '12'
const GROUP = 1 << 8

/** Until somebody listens to what is traced: /proc/net/netlink says so. */
const heard = async () => {
  for (let waited = 0; waited < 5000; waited += 10) {
    const sockets = readFileSync('/proc/thread-self/net/netlink', 'utf8').split('\n').slice(1)
    const listens = sockets.some(line => {
      const [, protocol, , groups = '0'] = line.trim().split(/\s+/)
      return protocol === NETLINK_NETFILTER && (Number.parseInt(groups, 16) & GROUP) !== 0
    })
    if (listens) return
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new CniError(codes.tryAgain, 'nft monitor does not begin', 'try again')
}

/** Until nothing more is told for a moment; where others' packets go on and on, no longer than a second. */
const quiet = async (lines: readonly string[]) => {
  for (let seen = -1, n = 0; seen !== lines.length && n < 20; n++) {
    seen = lines.length
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
