/** What the shell offers behind a TAB: commands and flags by yargs, names of what is here by us. */

import type { CommandModule } from 'yargs'
import yargs from 'yargs'
import { shortId } from './words.ts'

/** Commands whose next word is a container or a network; of `ps` a network. */
const named: Readonly<Record<string, (names: Names) => string[]>> = {
  explain: ({ networks, containers }) => [...networks, ...containers],
  repair: ({ networks, containers }) => [...networks, ...containers],
  ps: ({ networks }) => networks,
  trace: ({ containers }) => ['host', ...containers],
}

interface Names {
  readonly networks: string[]
  readonly containers: string[]
}

type Usual = (then: (error: Error | null, completions?: string[]) => void) => void

/**
 * Names that may stand where the cursor is; looked up before yargs is asked, for it waits for nobody.
 * @param argv as the shell's script gives it: `--get-yargs-completions vethwork explain 3f`
 */
export const offeredNames = async (argv: readonly string[]): Promise<string[]> => {
  const [key, , command = ''] = argv
  const current = argv.at(-1) ?? ''
  const names = key === '--get-yargs-completions' ? named[command] : undefined
  if (!names || argv.length < 4 || current.startsWith('-')) return []
  return names(await seen()).filter(name => name.startsWith(current))
}

/** These names, and what yargs itself knows. */
export const completing =
  (names: readonly string[]) =>
  (_current: string, _argv: object, usual: Usual, done: (completions: readonly string[]) => void): void =>
    usual((_, completions = []) => done([...names, ...completions]))

/** A shell shows no error: without rights there are no names. */
const seen = async (): Promise<Names> => {
  try {
    const { seeAttachments } = await import('../linux/attachments.ts')
    const all = (await seeAttachments()).map(({ owner }) => owner)
    const once = (list: string[]) => [...new Set(list)]
    return {
      networks: once(all.map(({ network }) => network)),
      containers: once(all.map(({ containerId }) => shortId(containerId))),
    }
  } catch {
    return { networks: [], containers: [] }
  }
}

export const completion: CommandModule<object, { shell?: string }> = {
  command: 'completion [shell]',
  describe: 'print the script that lets bash or zsh complete what is typed',
  builder: line =>
    line
      .positional('shell', { choices: ['bash', 'zsh'] as const, describe: 'default: what SHELL says' })
      .example('source <($0 completion bash)', 'for this shell; in ~/.bashrc for all')
      .example('$0 completion zsh > ~/.zfunc/_vethwork', 'with ~/.zfunc in fpath'),
  handler: ({ shell = process.env.SHELL?.endsWith('zsh') ? 'zsh' : 'bash' }) => {
    // yargs asks the environment which one it is.
    delete process.env.ZSH_NAME
    process.env.SHELL = `/bin/${shell}`
    yargs().scriptName('vethwork').showCompletionScript()
  },
}
