/** Our files as they lie there: damaged, open to everybody, of an earlier boot. Reads; mends nothing, makes nothing. */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { readBootId } from '../../ipam/boot.ts'
import { unseal } from '../../ipam/file.ts'
import { stateDir } from './state.ts'

export interface StateFiles {
  readonly directory: string
  /** Permission bits, if others may read or write there. */
  readonly open?: number
  readonly damaged: readonly DamagedFile[]
  /** Networks whose leases are of an earlier boot. */
  readonly earlier: readonly string[]
}

export interface DamagedFile {
  readonly path: string
  /** Whose it is; empty for the host's. */
  readonly network: string
  /** Who has which address; what ADD was asked for; IDs that were chosen, and what the host was like before. */
  readonly of: 'leases' | 'attachment' | 'host'
}

const RECORDS = '.attachments'

export const seeStateFiles = (): StateFiles => {
  const directory = stateDir()
  if (!existsSync(directory)) return { directory, damaged: [], earlier: [] }
  // It may be a link to where there is more room: the link itself is open to all.
  const mode = statSync(directory).mode & 0o777
  const networks = foldersIn(directory).filter(name => !name.startsWith('.'))
  const leases = networks.flatMap(network =>
    filesBelow(`${directory}/${network}`, ['.', 'blocks']).map(path => ({
      path,
      network,
      of: 'leases' as const,
    })),
  )
  const records = foldersIn(`${directory}/${RECORDS}`).flatMap(network =>
    filesBelow(`${directory}/${RECORDS}/${network}`, ['.']).map(path => ({
      path,
      network,
      of: 'attachment' as const,
    })),
  )
  const own = filesBelow(directory, ['.']).map(path => ({ path, network: '', of: 'host' as const }))
  return {
    directory,
    ...(mode & 0o077 ? { open: mode } : {}),
    // What was being written is whole when it is read again.
    damaged: [...leases, ...records, ...own].filter(damaged).filter(damaged),
    earlier: networks.filter(network => isEarlier(`${directory}/${network}`)),
  }
}

const foldersIn = (path: string) =>
  existsSync(path)
    ? readdirSync(path, { withFileTypes: true }).flatMap(one => (one.isDirectory() ? [one.name] : []))
    : []

const filesBelow = (path: string, folders: readonly string[]) =>
  folders.flatMap(folder =>
    existsSync(`${path}/${folder}`)
      ? readdirSync(`${path}/${folder}`)
          .filter(name => name.endsWith('.json'))
          .map(name => (folder === '.' ? `${path}/${name}` : `${path}/${folder}/${name}`))
      : [],
  )

const damaged = ({ path }: DamagedFile) => {
  try {
    unseal(readFileSync(path, 'utf8'), path)
    return false
  } catch (error) {
    // Gone meanwhile: somebody released it.
    return (error as { code?: string }).code !== 'ENOENT'
  }
}

const isEarlier = (path: string) => {
  try {
    const pool = unseal(readFileSync(`${path}/pool.json`, 'utf8'), path) as { bootId?: string; used?: object }
    return pool.bootId !== readBootId() && Object.keys(pool.used ?? {}).length > 0
  } catch {
    return false
  }
}
