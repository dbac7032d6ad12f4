/**
 * State on disk: lowdb files whose writes are atomic and whose damage is noticed.
 *
 * lowdb's own file adapter writes through one fixed temporary name (20 processes at once left invalid JSON), and its
 * presets keep everything in memory when NODE_ENV is `test`; so the adapter is ours, and there are no presets.
 */
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
// biome-ignore lint/style/noRestrictedImports: this is the one door
import { LowSync, type SyncAdapter } from 'lowdb'
import { crc32 } from './checksum.ts'
import { errnoOf, ioError, telling } from './io.ts'

/** A file as an object: change `data`, then `write()`. lowdb's LowSync is one. */
export interface Stored<T> {
  data: T
  write(): void
}

/** One directory of state. Names may have one folder: `blocks/10.1.2.0.json`. */
export interface Directory {
  /** A file that does not exist holds `initial`. @throws Torn, CniError io */
  open<T>(name: string, initial: T): Stored<T>
  /** The same without a look at what is there. */
  anew<T>(name: string, initial: T): Stored<T>
  /** Names of the files in a folder, without its own. */
  names(folder: string): string[]
  remove(name: string): void
  /** Keeps a copy as `‹name›.torn`; the file itself stays until it is written anew, so a crash in between is no loss. */
  setAside(name: string): void
}

/** The same directory, whose writes do nothing. */
export const readOnly = (directory: Directory): Directory => ({
  open: (name, initial) => ({ data: directory.open(name, initial).data, write: () => {} }),
  anew: (_, initial) => ({ data: initial, write: () => {} }),
  names: folder => directory.names(folder),
  remove: () => {},
  setAside: () => {},
})

/** A directory that is not there. */
export const nowhere: Directory = {
  open: (_, initial) => ({ data: initial, write: () => {} }),
  anew: (_, initial) => ({ data: initial, write: () => {} }),
  names: () => [],
  remove: () => {},
  setAside: () => {},
}

/** The file is there, but it is not what was last written. `file` is its name in its directory. */
export class Torn extends Error {
  override readonly name = 'Torn'
  constructor(readonly file: string) {
    super(`${file} is damaged`)
  }
}

/**
 * What is promised of a file when `write` has returned or died: it is on the disk; it is the old or the new one; or,
 * of a hint, it may be damaged, which is noticed. That one is quick: nothing is created and nothing taken away.
 */
export type Promised = 'durable' | 'atomic' | 'hint'

/**
 * Opens `path` and its folders, private to us, creating what is missing. Its parent may be shared.
 *
 * @param folders what is promised of the files in each; '.' is the directory itself, and atomic if not named
 * @throws CniError io; also if a symbolic link stands in place of one of them
 */
export const openDirectory = (path: string, folders: Readonly<Record<string, Promised>>): Directory => {
  makeDirectory(dirname(path))
  for (const folder of new Set(['.', ...Object.keys(folders)])) makePrivate(join(path, folder))
  const anew = <T>(name: string, initial: T) =>
    new LowSync(adapter<T>(path, name, folders[dirname(name)] ?? 'atomic'), initial)
  return {
    open: (name, initial) => {
      const low = anew(name, initial)
      low.read()
      return low
    },
    anew,
    names: folder => telling('list', join(path, folder), () => readdirSync(join(path, folder))),
    remove: name => telling('remove', join(path, name), () => rmSync(join(path, name), { force: true })),
    setAside: name => {
      const aside = join(path, `${name}.torn`)
      telling('keep a copy as', aside, () => {
        if (!existsSync(join(path, name))) return
        rmSync(aside, { force: true })
        // No second name of the same file: hints are written in their place.
        copyFileSync(join(path, name), aside, constants.COPYFILE_EXCL)
      })
    },
  }
}

/** @throws CniError io; also if `path` is a symbolic link, though its parents may be */
export const makeDirectory = (path: string): Stats =>
  telling('create', path, () => {
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found?.isDirectory()) return found
    if (found?.isSymbolicLink()) throw linkError()
    mkdirSync(path, { recursive: true, mode: 0o700 })
    return lstatSync(path)
  })

const makePrivate = (path: string): void => {
  const { mode } = makeDirectory(path)
  // host-local leaves 0755 behind; our files are nobody else's business.
  if (mode & 0o077) telling('make private', path, () => chmodSync(path, 0o700))
}

const linkError = () => Object.assign(new Error(), { code: 'ELOOP' })

const noFollow = constants.O_NOFOLLOW

const adapter = <T>(directory: string, name: string, promised: Promised): SyncAdapter<T> => {
  const path = join(directory, name)
  return {
    read: () => {
      const text = readText(path)
      return text === undefined ? null : (unseal(text, name) as T)
    },
    write: data => {
      if (promised === 'hint') return telling('write', path, () => overwrite(path, seal(data)))
      // Readers and crashes see the old file or the new one, never a part.
      const temporary = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`
      telling('write', path, () => {
        try {
          writeWhole(temporary, seal(data), promised === 'durable')
          // rename would replace a symbolic link without following it; but then somebody else meddles with our state.
          if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) throw linkError()
          renameSync(temporary, path)
        } catch (failure) {
          rmSync(temporary, { force: true })
          throw failure
        }
      })
    },
  }
}

const writeWhole = (path: string, text: string, durable: boolean): void => {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow, 0o600)
  try {
    const bytes = Buffer.from(text)
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
    if (durable) fdatasyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** In its place and in one piece; what was longer ends with blanks. */
const overwrite = (path: string, text: string): void => {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | noFollow, 0o600)
  try {
    const bytes = Buffer.from(text)
    const rest = Buffer.alloc(Math.max(0, fstatSync(fd).size - bytes.length), ' ')
    const whole = Buffer.concat([bytes, rest])
    for (let done = 0; done < whole.length; ) done += writeSync(fd, whole, done)
  } finally {
    closeSync(fd)
  }
}

/** The text of a file, undefined if there is none. @throws CniError io, also for a symbolic link. */
export const readText = (path: string): string | undefined => {
  try {
    const fd = openSync(path, constants.O_RDONLY | noFollow)
    try {
      return readFileSync(fd, 'utf8')
    } finally {
      closeSync(fd)
    }
  } catch (failure) {
    if (errnoOf(failure) === 'ENOENT') return undefined
    throw ioError('read', path, failure)
  }
}

const head = /^\{"crc32":"([0-9a-f]{8})","data":/
const tail = '}\n'

/** JSON that carries the checksum of its `data`, as spelled. */
const seal = (data: unknown): string => {
  const body = JSON.stringify(data)
  return `{"crc32":"${crc32(body)}","data":${body}${tail}`
}

/** Blanks at the end are of one that was longer. A regular expression would try at each of the blanks inside. */
const withoutPadding = (text: string): string => {
  let end = text.length
  while (text[end - 1] === ' ') end--
  return text.slice(0, end)
}

/** What a file of ours holds. @throws Torn */
export const unseal = (file: string, name: string): unknown => {
  const text = withoutPadding(file)
  const [start, sum] = head.exec(text) ?? []
  if (start === undefined || !text.endsWith(tail)) throw new Torn(name)
  const body = text.slice(start.length, -tail.length)
  if (crc32(body) !== sum) throw new Torn(name)
  return JSON.parse(body)
}
