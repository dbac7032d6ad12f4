/** Files put in place at once, whole, or not at all (rename(2)): a runtime may be starting one at that moment. */

import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { CniError, codes } from '../../../cni/errors.ts'
import { telling } from '../../../ipam/io.ts'
import type { Item } from './parcel.ts'

/** The bytes of the running executable, also after it was replaced (proc(5)). @throws CniError where Node runs us: that is not it */
const executable = () => {
  if (process.versions.bun) return readFileSync('/proc/self/exe')
  throw new CniError(
    codes.toolMissing,
    'there is no executable to install: Node runs this',
    'install the Debian package, or build it in a clone: npm run build',
  )
}

/** What a path holds: SHA-256 of a file's bytes, the target of a link; undefined if nothing is there. */
export const digestAt = (path: string): string | undefined => {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return undefined
  if (found.isSymbolicLink()) return readlinkSync(path)
  return found.isFile() ? digest(telling('read', path, () => readFileSync(path))) : 'something else'
}

export const digestOf = (item: Item): string => {
  switch (item.kind) {
    case 'executable':
      return digest(executable())
    case 'link':
      return item.target
    case 'text':
      return digest(item.text)
  }
}

const digest = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

/** @param path where it goes, its root included. @throws CniError(io) */
export const put = (item: Item, path: string): void => {
  const temporary = `${dirname(path)}/.${randomBytes(6).toString('hex')}.vethwork`
  telling('write', path, () => {
    try {
      write(item, temporary)
      renameSync(temporary, path)
    } catch (failure) {
      rmSync(temporary, { force: true })
      throw failure
    }
  })
}

const write = (item: Item, path: string) => {
  if (item.kind === 'link') return symlinkSync(item.target, path)
  writeFileSync(path, item.kind === 'text' ? item.text : executable(), { flag: 'wx' })
  // Whatever the umask: runtimes may run as somebody else.
  chmodSync(path, item.kind === 'executable' ? 0o755 : 0o644)
  const file = openSync(path, 'r')
  fsyncSync(file)
  closeSync(file)
}

/** A second name for what stands there; the first one is free to be replaced by rename. */
export const setAside = (path: string, aside: string) => telling('keep', path, () => linkSync(path, aside))

export const bringBack = (aside: string, path: string) =>
  telling('bring back', path, () => renameSync(aside, path))

/** @returns the directories that had to be made, the outer ones first */
export const makeDirectories = (path: string): string[] => {
  const missing: string[] = []
  for (let one = path; !lstatSync(one, { throwIfNoEntry: false }); one = dirname(one)) missing.unshift(one)
  telling('create', path, () => mkdirSync(path, { recursive: true, mode: 0o755 }))
  return missing
}
