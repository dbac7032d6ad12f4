/** A file to which many processes append: one write(2) with O_APPEND a line, so that none is torn (open(2)). */

import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { telling } from '../../ipam/io.ts'

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants

/**
 * Its directory must be there, it is no link, and nobody else's: we are root. Nobody is waited for, should it be a pipe.
 * @returns what appends a line
 * @throws CniError(io)
 */
export const openLogFile = (path: string): ((line: string) => void) => {
  const file = telling('open', path, () =>
    openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600),
  )
  telling('write', path, () => {
    if (fstatSync(file).uid !== process.geteuid?.())
      throw new Error("it is another user's: remove it, or chown it to root")
  })
  return line => telling('write', path, () => writeSync(file, `${line}\n`))
}
