/** The operator's command line: what the executable is when no runtime calls it. */

import yargs from 'yargs'
import { CniError } from '../../cni/errors.ts'
import { explain } from './commands/explain.ts'
import { fdb } from './commands/fdb.ts'
import { gc } from './commands/gc.ts'
import { ls } from './commands/ls.ts'
import { plan } from './commands/plan.ts'
import { prune } from './commands/prune.ts'
import { ps } from './commands/ps.ts'
import { repair } from './commands/repair.ts'
import { topology } from './commands/topology.ts'

declare const VETHWORK_VERSION: string

/** @returns the exit status: 0 done, 1 it could not be done, 2 it was not understood */
export const runCommandLine = async (argv: readonly string[]): Promise<number> => {
  let status = 0
  const failed = (message: string | undefined, error: Error | undefined) => {
    status = error instanceof CniError ? 1 : 2
    console.error(
      error instanceof CniError
        ? told(error)
        : `vethwork: ${message ?? error?.stack}\nTry 'vethwork --help'.`,
    )
  }
  const commands = [ls, ps, explain, topology, plan, repair, gc, prune, fdb]
  // biome-ignore lint/suspicious/noExplicitAny: each has flags of its own
  const line = commands.reduce((all, one) => all.command(one as any), yargs())
  await line
    .scriptName('vethwork')
    .usage(
      '$0 <command>\n\nA container network plugin. Runtimes call it by CNI_COMMAND; people by these commands:',
    )
    .demandCommand(1, 'a command is missing')
    .strict()
    .version(VETHWORK_VERSION)
    .help()
    .exitProcess(false)
    .fail((message, error) => failed(message, error))
    .wrap(80)
    .parseAsync([...argv])
    .catch(error => (status ? undefined : failed(undefined, error)))
  return status
}

const told = ({ message, details, code }: CniError) =>
  [`vethwork: ${message} (code ${code})`, ...(details ? [details] : [])].join('\n')
