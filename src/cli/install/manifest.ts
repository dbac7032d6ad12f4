/** What `install` has put where, for `uninstall`: nothing else is ever removed. */

import { openDirectory } from '../../../ipam/file.ts'
import { stateDir } from '../../linux/state.ts'

export interface Installed {
  readonly path: string
  readonly kind: 'executable' | 'link' | 'text'
  /** SHA-256 of a file's bytes, the target of a link: what was changed since is not ours any more. */
  readonly digest: string
  /** Where what stood there before was put. */
  readonly aside?: string
}

export interface Manifest {
  readonly items: readonly Installed[]
  /** Directories that were made for them, the outer ones first. */
  readonly directories: readonly string[]
}

const open = () =>
  openDirectory(stateDir(), {}).open<Manifest>('installed.json', { items: [], directories: [] })

export const readManifest = (): Manifest => open().data

export const writeManifest = (manifest: Manifest): void => {
  const stored = open()
  stored.data = manifest
  stored.write()
}
