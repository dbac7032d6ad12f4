/** iptables-save(8) and iptables-restore(8): a batch is one transaction here, too. */

import type { Iptables, IptablesCommand } from '../plan/kinds/iptables.ts'
import { CommandError } from './commanderror.ts'
import { run } from './exec.ts'

/**
 * @param table all lines are of it
 * @returns stderr, empty when the transaction was committed
 */
export const iptablesTransaction = async (
  command: IptablesCommand,
  table: Iptables['table'],
  lines: readonly string[],
): Promise<string> => {
  const input = [`*${table}`, ...lines, 'COMMIT', ''].join('\n')
  const { exitCode, stderr } = await run(`${command}-restore`, ['--noflush', '--wait', '30'], { input })
  return exitCode === 0 ? '' : stderr || `${command}-restore ended with ${exitCode}`
}

/**
 * The lines of a table as iptables-save prints them: `:CHAIN - [0:0]`, `-A CHAIN …`; of all tables without one.
 * None of a table of nft that is not, or no longer, one of iptables.
 */
export const iptablesTable = async (command: IptablesCommand, table?: string): Promise<string[]> => {
  const { exitCode, stdout, stderr } = await run(`${command}-save`, table ? ['-t', table] : [])
  if (exitCode !== 0)
    throw new CommandError(`${command}-save`, `-t ${table}`, stderr, `look at the ${command} rules`)
  if (/^# Table .* incompatible/m.test(stdout)) return []
  return stdout.split('\n').filter(line => /^[:-]/.test(line))
}
