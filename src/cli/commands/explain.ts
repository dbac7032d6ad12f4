/** `vethwork explain`: each object of a container or a network, why it is there, and what breaks without it. */

import type { CommandModule } from 'yargs'
import type { AttachmentSeen } from '../../linux/attachments.ts'
import { flow } from '../boxes.ts'
import type { Explanation, ObjectExplained } from '../explaining.ts'
import { show } from '../terminal.ts'

interface Flags {
  what?: string
  config?: string
  json?: boolean
}

export const explain: CommandModule<object, Flags> = {
  command: 'explain [what]',
  describe: 'explain every object of a container or network: why, by which command, and what breaks without',
  builder: yargs =>
    yargs
      .positional('what', {
        type: 'string',
        describe: 'a container ID, as many digits as are needed, or the name of a network',
      })
      .options({
        config: { type: 'string', describe: 'explain the network of this file instead, as it would be' },
        json: { type: 'boolean', describe: 'as a JSON array' },
      })
      .example('$0 explain 3f2a9c', 'what the container has, on each of its networks')
      .example('$0 explain web', 'what the containers of the network web share')
      .example('$0 explain --config web.conflist', 'what a network that is not here yet would be'),
  async handler({ what, config, json }) {
    const { explainWhat, explainFile } = await import('../subject.ts')
    const subjects = config === undefined ? await explainWhat(what ?? '') : await explainFile(config)
    show(json, subjects, () => subjects.map(render).join('\n\n'))
  },
}

/** One attachment, or one network. */
export interface Subject {
  readonly title: string
  readonly attachment?: Pick<AttachmentSeen, 'owner' | 'life' | 'netns' | 'since'>
  readonly explanation: Explanation
}

const render = ({ title, explanation: { attachment, network } }: Subject): string =>
  [
    title,
    ...section('Its own:', attachment),
    ...section('Shared by all containers of the network:', network),
  ].join('\n')

const section = (title: string, objects: readonly ObjectExplained[]): string[] =>
  objects.length ? ['', title, ...objects.flatMap(paragraph)] : []

const paragraph = ({ words, why, commands, without, state }: ObjectExplained, n: number): string[] => [
  ...wrapped(`${String(n + 1).padStart(2)}. `, `${words}${state === 'missing' ? ' (missing)' : ''}`),
  ...wrapped('    why: ', why),
  ...commands.map(command => `    $ ${command}`),
  ...wrapped('    without: ', without),
]

/** In lines of 80 columns; commands stay whole, to be copied. */
const wrapped = (start: string, text: string): string[] =>
  flow(text.split(' '), 80 - start.length, ' ').map(
    (line, n) => `${n ? ' '.repeat(start.length) : start}${line}`,
  )
