/** Where we remember things: one directory, of root alone. */

import { makeDirectory } from '../../ipam/file.ts'

/** Of all networks. Tests have one for each of their hosts. */
export const stateDir = () => process.env.VETHWORK_STATE_DIR || '/var/lib/vethwork'

/** Held while what networks share is made or taken away. */
export const hostLock = () => {
  makeDirectory(stateDir())
  return `${stateDir()}/.lock` // no network has a name like that
}
