/** Where the time goes: with VETHWORK_TRACE=1 a line of JSON on stderr for each step, in milliseconds since the process began. */

import { writeSync } from 'node:fs'

const isOn = process.env.VETHWORK_TRACE === '1'

/** @param step what has just been done */
export const trace = (step: string): void => {
  if (isOn) writeSync(2, `${JSON.stringify({ step, ms: Math.round(performance.now() * 1000) / 1000 })}\n`)
}
