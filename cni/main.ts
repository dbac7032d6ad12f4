/** The only file that knows the process: environment and stdin in, stdout and exit status out. */

import { readFileSync, writeSync } from 'node:fs'
import { trace } from '../src/linux/trace.ts'
import { CniError, codes } from './errors.ts'
import { personalityOf } from './personality.ts'
import { parseRequest } from './request.ts'
import { serve } from './verbs.ts'
import { newest, supportedVersions } from './versions.ts'

const main = async (): Promise<number> => {
  trace('started')
  // Bun resolves symlinks in all but this; Node leaves them in the script's path.
  const personality = personalityOf(process.versions.bun ? process.argv0 : (process.argv[1] ?? ''))
  if (!process.env.CNI_COMMAND) {
    const argv = process.argv.slice(2)
    if (netavarkCalls.includes(argv[0] ?? '')) return answerNetavark(argv)
    const { runCommandLine } = await import('../src/cli/cli.ts')
    return runCommandLine(argv)
  }
  let text = ''
  try {
    const request = parseRequest(process.env)
    text = readStdin()
    const answer =
      request.verb === 'VERSION'
        ? { cniVersion: versionOf(text), supportedVersions }
        : await serve(request, text, personality)
    if (answer) print(answer)
    trace('answered')
    return 0
  } catch (error) {
    print(renderError(error, text))
    return 1
  }
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

const readStdin = () => {
  try {
    return readFileSync(0, 'utf8')
  } catch (error) {
    throw new CniError(
      codes.io,
      `cannot read stdin: ${(error as Error).message}`,
      'send the configuration there',
    )
  }
}

/** Section 5 "Error" of the specification. What we did not expect keeps its stack on stderr. */
const renderError = (error: unknown, text: string) => {
  const known = error instanceof CniError
  if (!known) process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  const { code, message, details } = known
    ? error
    : {
        code: codes.internal,
        message: `unexpected: ${error instanceof Error ? error.message : error}`,
        details: 'please report it with what is on stderr',
      }
  return { cniVersion: versionOf(text), code, msg: message, ...(details ? { details } : {}) }
}

/** The version the caller speaks, if it is one; this must not fail. */
const versionOf = (text: string) => {
  try {
    const { cniVersion } = JSON.parse(text)
    return supportedVersions.find(one => one === cniVersion) ?? newest
  } catch {
    return newest
  }
}

/** At once and whole, also into a pipe. */
const print = (json: object) => {
  const bytes = Buffer.from(`${JSON.stringify(json, null, 2)}\n`)
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at)
}

process.exit(await main())
