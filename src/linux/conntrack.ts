/** conntrack(8): many lines, one process. */

import type { Netns } from '../plan/netns.ts'
import { run } from './exec.ts'

/** @returns stderr, empty when all was done; that there was nothing to delete is fine */
export const conntrackLines = async (netns: Netns, lines: readonly string[]): Promise<string> => {
  const { exitCode, stderr } = await run('conntrack', ['-R', '-'], { netns, input: `${lines.join('\n')}\n` })
  return exitCode === 0 ? '' : stderr || `conntrack ended with ${exitCode}`
}
