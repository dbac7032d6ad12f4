/** ip(8), bridge(8) and tc(8): many lines, one process. */

import type { Netns } from '../plan/netns.ts'
import { CommandError } from './commanderror.ts'
import { run } from './exec.ts'
import type { BridgeJson } from './ipjson.ts'

/** What `ip -batch` says of one line that failed. */
export interface LineFailure {
  /** Counts from 0. Undefined where ip did not say: it gives up at once on a word that it does not understand. */
  readonly index: number | undefined
  readonly stderr: string
}

export type LineTool = 'ip' | 'bridge' | 'tc'

/**
 * Runs lines of a tool in one process. With `force` it goes on after a line that fails.
 * @returns stdout, and which lines failed
 */
export const batch = async (
  tool: LineTool,
  netns: Netns,
  lines: readonly string[],
  options: readonly string[],
  force: boolean,
) => {
  const args = [...options, ...(force ? ['-force'] : []), '-batch', '-']
  const { exitCode, stdout, stderr } = await run(tool, args, { netns, input: `${lines.join('\n')}\n` })
  return { stdout, failures: exitCode === 0 ? [] : failuresOf(stderr) }
}

/** `ip` writes what went wrong, then `Command failed -:2` with the number of the line, from 1. */
const failuresOf = (stderr: string): LineFailure[] => {
  const parts = stderr.split(/^Command failed -:(\d+)\n?/m)
  if (parts.length < 3) return [{ index: undefined, stderr }]
  const failures: LineFailure[] = Array.from({ length: Math.floor(parts.length / 2) }, (_, n) => ({
    stderr: parts[2 * n]!,
    index: Number(parts[2 * n + 1]) - 1,
  }))
  // What stands after the last number is of a line at which ip gave up: those behind it were not done.
  const rest = parts.at(-1)!
  return rest.trim() ? [...failures, { index: undefined, stderr: rest }] : failures
}

/** Objects that `ip -j` printed: one JSON array a line of the batch that did not fail. */
export const ipShow = async (netns: Netns, lines: readonly string[], options: readonly string[] = []) => {
  const { stdout, failures } = await batch('ip', netns, lines, ['-j', '-d', ...options], true)
  const fatal = failures.find(({ stderr }) => !/does not exist|Cannot find device/.test(stderr))
  if (fatal)
    throw new CommandError(
      'ip',
      lines[fatal.index ?? 0] ?? '',
      fatal.stderr,
      `look at the interfaces of ${netns}`,
    )
  return (
    stdout
      .split('\n')
      .filter(line => line.startsWith('['))
      .flatMap(line => JSON.parse(line))
      // Of a type whose module is not loaded yet the kernel lists all links, and ip prints {} for each.
      .filter(one => Object.keys(one).length > 0)
  )
}

/** Objects that `bridge -j` printed for one device. */
export const bridgeShow = async (netns: Netns, line: string): Promise<BridgeJson[]> => {
  const { exitCode, stdout, stderr } = await run('bridge', ['-j', ...line.split(' ')], { netns })
  if (exitCode === 0) return JSON.parse(stdout || '[]')
  throw new CommandError('bridge', line, stderr, `look at the bridges of ${netns}`)
}
