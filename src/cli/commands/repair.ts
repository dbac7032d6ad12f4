/** `vethwork repair`: make again what is missing of attachments that live. */

import type { CommandModule } from 'yargs'
import type { Repaired } from '../../../cni/repair.ts'
import { withProgress } from '../progress.ts'
import { show } from '../terminal.ts'
import { ownerWords, stepLines } from '../words.ts'

interface Flags {
  what?: string
  'dry-run'?: boolean
  json?: boolean
}

export const repair: CommandModule<object, Flags> = {
  command: 'repair [what]',
  describe: 'make again what is missing of containers and networks, as ADD made it',
  builder: yargs =>
    yargs
      .positional('what', {
        type: 'string',
        describe: 'a container ID, or its beginning, or a network (default: all)',
      })
      .options({
        'dry-run': { type: 'boolean', describe: 'say what would be done' },
        json: { type: 'boolean', describe: 'as JSON' },
      })
      .example('$0 repair --dry-run', 'what somebody deleted, and what would bring it back')
      .example('$0 repair web', 'the network web and its containers, after `nft flush ruleset`'),
  async handler({ what, 'dry-run': dryRun = false, json }) {
    const { repairAll } = await import('../repairing.ts')
    const { repaired, failures } = await withProgress('repair', tell => repairAll(what, dryRun, tell))
    show(json, repaired, () => render(repaired, dryRun))
    const { attemptAll } = await import('../../../cni/errors.ts')
    await attemptAll(failures.map(failure => () => Promise.reject(failure)))
  },
}

const render = (repaired: readonly Repaired[], dryRun: boolean): string => {
  const lines = repaired
    .filter(({ steps, left }) => steps.length + left.length)
    .flatMap(({ owner, steps, left }) => [
      `${ownerWords(owner)}:`,
      ...steps.flatMap(stepLines),
      ...left.map(one => `  left alone: ${one}`),
    ])
  const mended = repaired.filter(({ steps }) => steps.length).length
  const sum = `${repaired.length} looked at, ${mended} ${dryRun ? 'to be repaired' : 'repaired'}`
  return [...lines, sum].join('\n')
}
