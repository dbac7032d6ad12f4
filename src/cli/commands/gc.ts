/** `vethwork gc`: take away what attachments left whose namespace is gone; no runtime is asked. */

import type { CommandModule } from 'yargs'
import type { Collection } from '../../../cni/collect.ts'
import { withProgress } from '../progress.ts'
import { show } from '../terminal.ts'
import { ownerWords, stepLines } from '../words.ts'

interface Flags {
  network?: string
  'dry-run'?: boolean
  json?: boolean
}

export const gc: CommandModule<object, Flags> = {
  command: 'gc',
  describe: 'take away what containers left whose network namespace is gone',
  builder: yargs =>
    yargs
      .options({
        network: { type: 'string', describe: 'only of this one' },
        'dry-run': { type: 'boolean', describe: 'say what would be taken away' },
        json: { type: 'boolean', describe: 'as JSON' },
      })
      .example('$0 gc --dry-run', 'what a crash of the runtime left'),
  async handler({ network, 'dry-run': dryRun = false, json }) {
    const { collect } = await import('../../../cni/collect.ts')
    const found = await withProgress('gc', tell => collect(network, dryRun, tell))
    show(json, found, () => render(found, dryRun))
  },
}

const render = ({ collected, strays, unknown }: Collection, dryRun: boolean): string =>
  [
    ...collected.flatMap(({ owner, addresses, steps }) => [
      `${ownerWords(owner)}: its namespace is gone`,
      ...steps.flatMap(stepLines),
      ...(addresses.length ? [`  release ${addresses.join(' and ')}`] : []),
    ]),
    ...(strays.length ? ['elements of nft sets that are nobody’s:', ...strays.flatMap(stepLines)] : []),
    ...unknown.map(owner => `${ownerWords(owner)}: left alone, nobody remembers its namespace`),
    `${collected.length} ${dryRun ? 'to be collected' : 'collected'}`,
  ].join('\n')
