/** One CNI call (specification, section 2): environment and stdin in, stdout and exit status out. */

import { readFileSync, writeSync } from 'node:fs'
import { trace } from '../src/linux/trace.ts'
import { CniError, codes } from './errors.ts'
import type { Personality } from './personality.ts'
import { parseRequest } from './request.ts'
import { serve } from './verbs.ts'
import { newest, supportedVersions } from './versions.ts'

/**
 * @param read gives the configuration
 * @returns the exit status
 */
export const answerCall = async (personality: Personality, read = readStdin): Promise<number> => {
  let text = ''
  try {
    const request = parseRequest(process.env)
    text = read()
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

/** @throws CniError(io) */
export const readStdin = () => {
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
  if (!known) process.stderr.write(`${told(error)}\n`)
  const { code, message, details } = known
    ? error
    : {
        code: codes.internal,
        message: `unexpected: ${error instanceof Error ? error.message : error}`,
        details: 'please report it with what is on stderr',
      }
  return { cniVersion: versionOf(text), code, msg: message, ...(details ? { details } : {}) }
}

/** QuickJS's stacks do not begin with the error itself. */
const told = (error: unknown) => {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  return stack.startsWith(`${error}`) ? stack : `${error}\n${stack}`
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
export const print = (json: object) => {
  const bytes = Buffer.from(`${JSON.stringify(json, null, 2)}\n`)
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at)
}
