/** How far long work is: on a terminal one line that changes, on stderr, gone at the end; elsewhere nothing. */

import type { Tell } from '../linux/tell.ts'

/** What is over sooner needs no line, milliseconds. */
const PATIENCE = 300
/** Nobody reads faster. */
const PAUSE = 100

interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/**
 * `withProgress('gc', tell => …)` shows `gc: 12 of 300, web1` while the work calls `tell(12, 300, 'web1')`.
 * @param verb what is done, the first word of the line
 * @returns what the work returns; the line is taken away before, also when it fails
 */
export const withProgress = async <T>(
  verb: string,
  work: (tell: Tell) => Promise<T>,
  terminal: Terminal = process.stderr,
): Promise<T> => {
  if (!terminal.isTTY || process.env.TERM === 'dumb') return work(() => {})
  let next = performance.now() + PATIENCE
  let isShown = false
  try {
    return await work((done, total, what) => {
      if (performance.now() < next) return
      next = performance.now() + PAUSE
      isShown = true
      const line = `${verb}: ${done} of ${total}${what && `, ${what}`}`
      terminal.write(`${CLEAR}${line.slice(0, (terminal.columns || 80) - 1)}`)
    })
  } finally {
    if (isShown) terminal.write(CLEAR)
  }
}

/** To the line's beginning, and the rest away (ECMA-48, EL). */
const CLEAR = '\r\x1b[K'
