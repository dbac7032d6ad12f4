/**
 * Where the time goes: what has just been done is told here. With VETHWORK_TRACE=1 each is a line of JSON on stderr, in
 * milliseconds since the process began; a log listens, if the configuration has one.
 */

import { writeSync } from 'node:fs'
import type { Op } from '../plan/kinds/index.ts'

export interface Listener {
  /** @param ops of a batch: what it did */
  step(name: string, ops: readonly Op[]): void
  warning(words: string): void
}

let listener: Listener | undefined

/** @param step what has just been done */
export const trace = (step: string, ops: readonly Op[] = []): void => {
  if (process.env.VETHWORK_TRACE === '1')
    writeSync(2, `${JSON.stringify({ step, ms: Math.round(performance.now() * 1000) / 1000 })}\n`)
  listener?.step(step, ops)
}

/** What does not keep a verb from succeeding: on stderr, for the runtime's log. */
export const warning = (words: string): void => {
  console.warn(`vethwork: ${words}`)
  listener?.warning(words)
}

/** There is one log a process. @param to undefined when it is complete */
export const listen = (to: Listener | undefined): void => {
  listener = to
}
