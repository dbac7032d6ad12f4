/** node:fs as far as a CNI call needs it, with its names, results and errors: by system calls, each at once. */

import { attempt, call, done, host } from './host.ts'

/** <fcntl.h>, <unistd.h> */
export const constants = {
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000,
  O_DIRECTORY: 0o200000,
  O_NOFOLLOW: 0o400000,
  F_OK: 0,
  X_OK: 1,
  W_OK: 2,
  COPYFILE_EXCL: 1,
} as const

const AT_FDCWD = -100
const AT_SYMLINK_NOFOLLOW = 0x100
const AT_REMOVEDIR = 0x200
const O_CLOEXEC = 0o2000000
const [ENOENT, EEXIST, EISDIR, EINVAL] = [-2, -17, -21, -22]

export const openSync = (path: string, flags: number | 'r' = 'r', mode = 0o666): number =>
  done(attempt('openat', AT_FDCWD, path, (flags === 'r' ? 0 : flags) | O_CLOEXEC, mode), 'openat', path)

export const closeSync = (fd: number): void => {
  call('close', fd)
}

export const readSync = (fd: number, into: Uint8Array): number => call('read', fd, into, into.length)

/** @param from of `bytes` */
export const writeSync = (fd: number, bytes: Uint8Array | string, from = 0): number => {
  const part = typeof bytes === 'string' ? Buffer.from(bytes) : bytes.subarray(from)
  return call('write', fd, part, part.length)
}

const withFile = <T>(path: string, flags: number, work: (fd: number) => T, mode = 0o666): T => {
  const fd = openSync(path, flags, mode)
  try {
    return work(fd)
  } finally {
    closeSync(fd)
  }
}

/** What one read(2) takes, at most. */
const ROOM = 1 << 16
const room = new Uint8Array(ROOM)

export function readFileSync(from: string | number, encoding: 'utf8'): string
export function readFileSync(from: string | number): Buffer
export function readFileSync(from: string | number, encoding?: 'utf8'): string | Buffer {
  if (typeof from === 'string') return withFile(from, constants.O_RDONLY, fd => readWhole(fd, encoding))
  return readWhole(from, encoding)
}

const readWhole = (fd: number, encoding?: 'utf8'): string | Buffer => {
  const parts: Buffer[] = []
  for (let length = readSync(fd, room); length > 0; length = readSync(fd, room))
    parts.push(Buffer.from(room.subarray(0, length)))
  const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  return encoding ? whole.toString(encoding) : whole
}

/** Of a file that is there, its beginning. */
export const writeFileSync = (path: string, text: string, _existing: { readonly flag: 'r+' }): void =>
  withFile(path, constants.O_RDWR, fd => writeWhole(fd, Buffer.from(text)))

const writeWhole = (fd: number, bytes: Buffer): void => {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
}

/** With its permissions. @param flags COPYFILE_EXCL: it must not be there */
export const copyFileSync = (from: string, to: string, flags = 0): void => {
  const bytes = readFileSync(from)
  const { O_WRONLY, O_CREAT, O_EXCL, O_TRUNC } = constants
  const how = O_WRONLY | O_CREAT | (flags & constants.COPYFILE_EXCL ? O_EXCL : O_TRUNC)
  withFile(to, how, fd => writeWhole(fd, bytes), statSync(from).mode & 0o777)
}

/** A file without a name, in memory (memfd_create(2)), read from its beginning. */
export const unnamedFile = (text: string): number => {
  const sealed = attempt('memfd_create', 'vethwork', MFD_CLOEXEC | MFD_NOEXEC_SEAL)
  const fd = sealed === EINVAL ? call('memfd_create', 'vethwork', MFD_CLOEXEC) : done(sealed, 'memfd_create')
  writeWhole(fd, Buffer.from(text))
  call('lseek', fd, 0, 0)
  return fd
}

const MFD_CLOEXEC = 1
/** Linux 6.3, where a host may demand it. */
const MFD_NOEXEC_SEAL = 8

/** struct stat of x86-64 */
const STAT = 144
const stat = new DataView(new ArrayBuffer(STAT))
const statBytes = new Uint8Array(stat.buffer)
const [S_IFMT, S_IFDIR, S_IFLNK] = [0o170000, 0o040000, 0o120000]

const seen = () => {
  const mode = stat.getUint32(24, true)
  const is = (format: number) => () => (mode & S_IFMT) === format
  return {
    dev: Number(stat.getBigUint64(0, true)),
    ino: Number(stat.getBigUint64(8, true)),
    mode,
    uid: stat.getUint32(28, true),
    size: Number(stat.getBigInt64(48, true)),
    isDirectory: is(S_IFDIR),
    isSymbolicLink: is(S_IFLNK),
  }
}

export type Stats = ReturnType<typeof seen>

interface Quietly {
  /** Undefined instead of an error. */
  readonly throwIfNoEntry: false
}

type Look = { (path: string): Stats; (path: string, quietly: Quietly): Stats | undefined }

const looking = (flags: number): Look =>
  ((path: string, quietly?: Quietly) => {
    const got = attempt('newfstatat', AT_FDCWD, path, statBytes, flags)
    if (got === ENOENT && quietly) return undefined
    done(got, 'newfstatat', path)
    return seen()
  }) as Look

export const statSync = looking(0)
export const lstatSync = looking(AT_SYMLINK_NOFOLLOW)
export const fstatSync = (fd: number): Stats => {
  call('fstat', fd, statBytes)
  return seen()
}

export const existsSync = (path: string): boolean =>
  attempt('faccessat', AT_FDCWD, path, constants.F_OK) === 0

export const accessSync = (path: string, mode: number = constants.F_OK): void => {
  done(attempt('faccessat', AT_FDCWD, path, mode), 'faccessat', path)
}

/** Names, without `.` and `..`. struct linux_dirent64: inode, offset, length, type, name (getdents64(2)). */
export const readdirSync = (path: string): string[] =>
  withFile(path, constants.O_RDONLY | constants.O_DIRECTORY, fd => {
    const names: string[] = []
    for (let length = 1; length > 0; ) {
      length = call('getdents64', fd, room, ROOM)
      for (let at = 0; at < length; at += room[at + 16]! | (room[at + 17]! << 8)) {
        const name = host.text(room, at + 19, room.indexOf(0, at + 19))
        if (name !== '.' && name !== '..') names.push(name)
      }
    }
    return names
  })

export const readlinkSync = (path: string): string => {
  const length = done(attempt('readlinkat', AT_FDCWD, path, room, ROOM), 'readlinkat', path)
  return host.text(room, 0, length)
}

export const mkdirSync = (path: string, { recursive = false, mode = 0o777 } = {}): void => {
  const make = () => attempt('mkdirat', AT_FDCWD, path, mode)
  const parent = path.slice(0, path.lastIndexOf('/'))
  let got = make()
  if (got === ENOENT && recursive && parent) {
    mkdirSync(parent, { recursive, mode })
    got = make()
  }
  if (got === EEXIST && recursive && statSync(path).isDirectory()) return
  done(got, 'mkdirat', path)
}

export const rmSync = (path: string, { force = false, recursive = false } = {}): void => {
  const got = attempt('unlinkat', AT_FDCWD, path, 0)
  if (got === ENOENT && force) return
  if (got !== EISDIR || !recursive) {
    done(got, 'unlinkat', path)
    return
  }
  for (const name of readdirSync(path)) rmSync(`${path}/${name}`, { force, recursive })
  const emptied = attempt('unlinkat', AT_FDCWD, path, AT_REMOVEDIR)
  if (emptied !== ENOENT || !force) done(emptied, 'unlinkat', path)
}

export const renameSync = (from: string, to: string): void => {
  done(attempt('renameat', AT_FDCWD, from, AT_FDCWD, to), 'renameat', from)
}

export const chmodSync = (path: string, mode: number): void => {
  done(attempt('fchmodat', AT_FDCWD, path, mode), 'fchmodat', path)
}

export const fdatasyncSync = (fd: number): void => {
  call('fdatasync', fd)
}
