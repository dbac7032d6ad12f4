/** `pool.json`: hints about a network's pool as a whole. Losing them costs time, not leases. */
import { type Directory, type Stored, Torn } from './file.ts'

export interface Pool {
  bootId: string
  /** Addresses leased last, the newest first; a range set continues after the one that it holds. */
  cursors: string[]
  /** Leases in each block, by its name: what was counted, never more than there are. */
  used: Record<string, number>
  /** The directory of host-local's whose leases were taken over. */
  imported: string
  /** When vanished namespaces were last looked for, ISO 8601. */
  reclaimed: string
}

/** @returns with an empty boot ID if the file was missing or damaged */
export const openPool = (directory: Directory): Stored<Pool> => {
  const nothing: Pool = { bootId: '', cursors: [], used: {}, imported: '', reclaimed: '' }
  try {
    return directory.open('pool.json', nothing)
  } catch (failure) {
    if (!(failure instanceof Torn)) throw failure
    directory.setAside('pool.json')
    return directory.anew('pool.json', nothing)
  }
}
