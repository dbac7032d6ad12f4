/** ethtool(8): one interface, one process. */

import type { Netns } from '../plan/netns.ts'
import { CommandError } from './commanderror.ts'
import { run } from './exec.ts'

/** Whether a feature is on; undefined if the interface does not have it. */
export const featureOf = async (netns: Netns, dev: string, feature: string): Promise<boolean | undefined> => {
  const { exitCode, stdout, stderr } = await run('ethtool', ['-k', dev], { netns })
  if (exitCode !== 0) throw new CommandError('ethtool', `-k ${dev}`, stderr, `look at the features of ${dev}`)
  const found = new RegExp(`^\\s*${feature}: (on|off)`, 'm').exec(stdout)
  return found ? found[1] === 'on' : undefined
}

/** @returns stderr, empty if all went well */
export const setFeature = async (netns: Netns, line: string): Promise<string> => {
  const { exitCode, stderr } = await run('ethtool', line.split(' '), { netns })
  return exitCode === 0 ? '' : stderr || 'no reason given'
}
