/** The leases of a network for somebody who only looks: nothing is written, imported or mended. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readBootId } from './boot.ts'
import { asLeases, type HeldLease } from './evidence.ts'
import { openDirectory, readOnly, Torn } from './file.ts'
import { withLock } from './lock.ts'
import { folders, State } from './state.ts'

/** @param dataDir `ipam.dataDir`, or /var/lib/vethwork. @returns none where a file is damaged: the next ADD mends it */
export const lookAtLeases = async (network: string, dataDir: string): Promise<HeldLease[]> => {
  const path = join(dataDir, network)
  if (!existsSync(join(path, 'pool.json'))) return []
  try {
    return await withLock(join(path, 'lock'), () =>
      asLeases(network, new State(readOnly(openDirectory(path, folders)), network, readBootId()).all()),
    )
  } catch (failure) {
    if (failure instanceof Torn) return []
    throw failure
  }
}
