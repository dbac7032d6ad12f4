/** What the definition of a command says to yargs, taken down: the manual is made of the same words as the help. */

import type { Argv, CommandModule, Options } from 'yargs'

export interface Recorded {
  /** `plan <verb>`, with the words of the commands that it is part of. */
  readonly usage: string
  readonly describe: string
  readonly positionals: Readonly<Record<string, Options>>
  readonly options: Readonly<Record<string, Options>>
  /** What is typed, and what that is. */
  readonly examples: readonly (readonly [line: string, words: string])[]
  readonly commands: readonly Recorded[]
}

// biome-ignore lint/suspicious/noExplicitAny: each has flags of its own
export type AnyCommand = CommandModule<any, any>

/** @param before the words that stand before it, as `conf` before `new` */
export const recorded = (command: AnyCommand, before = ''): Recorded => {
  const usage = `${before}${[command.command].flat()[0]}`
  const [word = ''] = usage.slice(before.length).split(' ')
  const positionals: Record<string, Options> = {}
  const options: Record<string, Options> = {}
  const examples: [string, string][] = []
  const commands: Recorded[] = []
  const taken: Record<string, (...args: never[]) => void> = {
    positional: (name: string, one: Options) => void Object.assign(positionals, { [name]: one }),
    option: (name: string, one: Options) => void Object.assign(options, { [name]: one }),
    options: (all: Record<string, Options>) => void Object.assign(options, all),
    example: (line: string, words: string) => void examples.push([line, words]),
    command: (one: AnyCommand) => void commands.push(recorded(one, `${before}${word} `)),
  }
  const { builder } = command
  if (typeof builder === 'function') builder(notebook(taken))
  else
    for (const [name, one] of Object.entries((builder ?? {}) as Record<string, Options>))
      (usage.match(`[<[]${name}\\b`) ? positionals : options)[name] = one
  return { usage, describe: command.describe || '', positionals, options, examples, commands }
}

/** It answers to all that yargs answers to, and takes down what it has a line for. */
const notebook = (taken: Readonly<Record<string, (...args: never[]) => void>>): Argv => {
  const answer: Argv = new Proxy({} as Argv, {
    get:
      (_, method) =>
      (...args: never[]) => {
        taken[String(method)]?.(...args)
        return answer
      },
  })
  return answer
}
