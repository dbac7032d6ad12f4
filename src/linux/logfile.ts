/** A file to which many processes append: one write(2) with O_APPEND a line, so that none is torn (open(2)). */

import { constants, openSync, writeSync } from 'node:fs'
import { telling } from '../../ipam/io.ts'

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants

/**
 * Its directory must be there, and it is no link: we are root. Nobody is waited for, should it be a pipe.
 * @returns what appends a line
 * @throws CniError(io)
 */
export const openLogFile = (path: string): ((line: string) => void) => {
  const file = telling('open', path, () =>
    openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600),
  )
  return line => telling('write', path, () => writeSync(file, `${line}\n`))
}
