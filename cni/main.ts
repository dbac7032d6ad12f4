/** The whole program, as Bun or Node runs it: a CNI call, netavark's, or the command line. */

import { trace } from '../src/linux/trace.ts'
import { answerCall, print, readStdin } from './call.ts'
import { personalityOf } from './personality.ts'

const main = async (): Promise<number> => {
  trace('started')
  // So did the program for CNI calls say that this one is ours (src/quickjs/handover.ts); whom we start it may serve again.
  delete process.env.VETHWORK_ENGINE
  // Bun resolves symlinks in all but this; Node leaves them in the script's path.
  const name = process.versions.bun ? process.argv0 : (process.argv[1] ?? '')
  if (process.env.CNI_COMMAND) return answerCall(personalityOf(name))
  const argv = process.argv.slice(2)
  if (netavarkCalls.includes(argv[0] ?? '')) return answerNetavark(argv)
  const { runCommandLine } = await import('../src/cli/cli.ts')
  return runCommandLine(argv)
}

/** podman 5 does not speak CNI: netavark calls its plugins like this. */
const netavarkCalls = ['info', 'create', 'setup', 'teardown']

const answerNetavark = async (argv: readonly string[]): Promise<number> => {
  const { renderError, serveNetavark } = await import('./netavark/serve.ts')
  try {
    const answer = await serveNetavark(argv, readStdin)
    if (answer) print(answer)
    return 0
  } catch (error) {
    print(renderError(error))
    return 1
  }
}

process.exit(await main())
