/** The operator's command line: what the executable is when no runtime calls it. */

import yargs from 'yargs'
import { CniError } from '../../cni/errors.ts'
import { AlreadySaid } from './alreadysaid.ts'
import { conf } from './commands/conf.ts'
import { doctor } from './commands/doctor.ts'
import { events } from './commands/events.ts'
import { explain } from './commands/explain.ts'
import { fdb } from './commands/fdb.ts'
import { gc } from './commands/gc.ts'
import { install, uninstall } from './commands/install.ts'
import { ls } from './commands/ls.ts'
import { manual } from './commands/man.ts'
import { plan } from './commands/plan.ts'
import { prune } from './commands/prune.ts'
import { ps } from './commands/ps.ts'
import { repair } from './commands/repair.ts'
import { topology } from './commands/topology.ts'
import { trace } from './commands/trace.ts'
import { traceTime } from './commands/trace-time.ts'
import { completing, completion, offeredNames } from './completion.ts'
import type { AnyCommand } from './man/recorded.ts'
import { Misunderstood } from './misunderstood.ts'

declare const VETHWORK_VERSION: string
declare const VETHWORK_DATE: string

/** @returns the exit status: 0 done, 1 it could not be done, 2 it was not understood */
export const runCommandLine = async (argv: readonly string[]): Promise<number> => {
  const commands: AnyCommand[] = [
    ls,
    ps,
    explain,
    topology,
    doctor,
    events,
    plan,
    repair,
    gc,
    trace,
    prune,
    fdb,
    conf,
    install,
    uninstall,
    traceTime,
    completion,
    manual(() => commands, VETHWORK_VERSION, VETHWORK_DATE),
  ]
  const line = commands.reduce((all, one) => all.command(one), yargs())
  line
    .scriptName('vethwork')
    .usage(
      '$0 <command>\n\nA container network plugin. Runtimes call it by CNI_COMMAND; people by these commands:',
    )
    // biome-ignore lint/suspicious/noExplicitAny: its types know the older way, without the usual completions
    .completion('complete', false, completing(await offeredNames(argv)) as any)
    .epilogue('netavark (podman 5) calls it by info, create, setup and teardown.')
    .demandCommand(1, 'a command is missing')
    .strict()
    .version(VETHWORK_VERSION)
    .help()
    .exitProcess(false)
    // Thrown, it ends here: else yargs goes on and runs the command.
    .fail((message, error) => {
      throw error ?? new Misunderstood(message)
    })
    .wrap(80)
  try {
    await line.parseAsync([...argv])
    return 0
  } catch (error) {
    if (!(error instanceof AlreadySaid)) console.error(told(error))
    return error instanceof CniError ? 1 : 2
  }
}

const told = (error: unknown) => {
  if (error instanceof Misunderstood) return `vethwork: ${error.message}\nTry 'vethwork --help'.`
  if (!(error instanceof CniError)) return `vethwork: ${error instanceof Error ? error.stack : error}`
  const { message, details, code } = error
  return [`vethwork: ${message} (code ${code})`, ...(details ? [details] : [])].join('\n')
}
