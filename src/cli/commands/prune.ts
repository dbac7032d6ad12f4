/** `vethwork prune`: take away what networks without containers left behind. */

import type { CommandModule } from 'yargs'
import type { Pruned } from '../../linux/prune.ts'
import { withProgress } from '../progress.ts'
import { print } from '../terminal.ts'

interface Flags {
  network?: string
  'dry-run'?: boolean
  'restore-sysctls'?: boolean
  json?: boolean
}

export const prune: CommandModule<object, Flags> = {
  command: 'prune',
  describe: 'remove bridges and rules of networks that have no container',
  builder: {
    network: { type: 'string', describe: 'only this one' },
    'dry-run': { type: 'boolean', describe: 'say what would be removed' },
    'restore-sysctls': {
      type: 'boolean',
      describe: 'with the last network gone, also set ip_forward and its like back to what they were',
    },
    json: { type: 'boolean', describe: 'as JSON' },
  },
  async handler(flags) {
    const { prune } = await import('../../linux/prune.ts')
    const { 'dry-run': dryRun = false, 'restore-sysctls': sysctls = false } = flags
    const { pruned, restored } = await withProgress('prune', tell =>
      prune(flags.network, dryRun, sysctls, tell),
    )
    print(flags.json ? JSON.stringify({ pruned, restored }, null, 2) : render(pruned, restored))
  },
}

const render = (pruned: readonly Pruned[], restored: readonly string[]) =>
  [
    ...pruned.flatMap(({ network, inUse, steps }) => [
      inUse ? `${network}: in use` : `${network}:`,
      ...steps.flatMap(({ words, command }) => [`  ${words}`, `    $ ${command}`]),
    ]),
    ...restored.map(line => `set back: ${line.replaceAll('/', '.')}`),
    ...(pruned.length ? [] : ['No network of vethwork is on this host.']),
  ].join('\n')
