/** What goes to stdout: JSON for programs, text for people, colour only where a terminal shows it. */

import { writeSync } from 'node:fs'

/** https://no-color.org: any value but the empty one switches colour off. */
export const hasColour = (stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean =>
  stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'

/** @param text made only where it is wanted */
export const show = (asJson: boolean | undefined, value: unknown, text: () => string): void => {
  if (asJson) print(JSON.stringify(value, null, 2))
  else print(hasColour(process.stdout, process.env) ? tinted(harmless(text())) : harmless(text()))
}

/** Names of processes and interfaces are others' to choose, and terminals obey control characters (console_codes(4)). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant
export const harmless = (text: string) => text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '?')

/** A line, or several, whole: also into a pipe. @returns false if nobody reads any more, who has seen enough then */
export const print = (text: string): boolean => {
  const bytes = Buffer.from(`${text}\n`)
  try {
    for (let at = 0; at < bytes.length; ) at += writeSome(bytes, at)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return false
    throw error
  }
}

/** A terminal may be slow, and not wait: 0 bytes then. */
const writeSome = (bytes: Buffer, at: number): number => {
  try {
    return writeSync(1, bytes, at)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    return 0
  }
}

/** Headings bold, what is well green, what is not red, reasons dim. */
export const tinted = (text: string) =>
  text
    .replace(/^[A-Z]{2}[A-Z /-]*$/gm, '\x1b[1m$&\x1b[22m')
    .replace(/^ +(why|without): .*$/gm, '\x1b[2m$&\x1b[22m')
    .replace(/\b(alive|present|ok|up)\b/g, '\x1b[32m$&\x1b[39m')
    .replace(/\b(gone|down|unplugged|missing|wrong|error)\b/g, '\x1b[31m$&\x1b[39m')
