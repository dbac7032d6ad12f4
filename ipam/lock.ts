/**
 * A lock between processes that the kernel frees when its holder dies: flock(2) on a file that is never deleted
 * (deleting it would split the lock in two).
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { CniError, codes } from '../cni/errors.ts'
import { flockFunction } from './flock.ts'
import { errnoOf, ioError, telling } from './io.ts'

export interface LockOptions {
  /** Default: exclusive. */
  readonly mode?: 'exclusive' | 'shared'
  /** How long to wait for others. Default: a minute. */
  readonly timeoutMs?: number
}

/**
 * Runs `work` while holding the lock. Not re-entrant: the same lock inside of `work` waits for itself.
 * Processes started meanwhile do not inherit it (O_CLOEXEC is the default of Bun and Node).
 *
 * @param path created with mode 0600 if missing; its directory must exist
 * @throws CniError tryAgain after the time is up, io if the file cannot be opened
 */
export const withLock = async <T>(
  path: string,
  work: () => T | Promise<T>,
  options: LockOptions = {},
): Promise<T> => {
  const { mode = 'exclusive', timeoutMs = 60_000 } = options
  const fd = telling('open', path, () =>
    openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600),
  )
  try {
    const take = (await flockFunction()) ? takeByPolling : takeByCommand
    if (!(await take(fd, mode, timeoutMs))) throw busy(path, fd, timeoutMs)
    return await work()
  } finally {
    closeSync(fd) // the last reference to the open file: this is what unlocks
  }
}

type Take = (fd: number, mode: 'exclusive' | 'shared', timeoutMs: number) => Promise<boolean>

// From <sys/file.h>.
const operations = { shared: 1, exclusive: 2 } as const
const nonBlocking = 4

/** Polls, because a blocking flock would have no deadline and stop everything else in this process. */
const takeByPolling: Take = async (fd, mode, timeoutMs) => {
  const flock = (await flockFunction())!
  const deadline = performance.now() + timeoutMs
  for (let pause = 1; flock(fd, operations[mode] | nonBlocking) !== 0; pause = Math.min(pause * 1.5, 10)) {
    if (performance.now() >= deadline) return false
    await new Promise(resolve => setTimeout(resolve, pause * (0.5 + Math.random())))
  }
  return true
}

/** util-linux's flock(1) locks the open file it is given, which stays locked when it has ended. */
const takeByCommand: Take = async (fd, mode, timeoutMs) => {
  const { spawn } = await import('node:child_process')
  const command = spawn('flock', [`--${mode}`, '--timeout', String(timeoutMs / 1000), '3'], {
    stdio: ['ignore', 'ignore', 'pipe', fd],
  })
  let said = ''
  command.stderr!.on('data', (text: string) => {
    said += text
  })
  const status = await new Promise<number | null>((resolve, reject) => {
    command.on('error', reject).on('close', resolve)
  }).catch(failure => {
    if (errnoOf(failure) === 'ENOENT')
      throw new CniError(codes.toolMissing, 'flock is not installed', 'install util-linux')
    throw ioError('run', 'flock', failure)
  })
  if (status !== 0 && said) throw new CniError(codes.io, 'flock failed', said.trim())
  return status === 0
}

const busy = (path: string, fd: number, timeoutMs: number): CniError => {
  const holder = holderOf(fd)
  return new CniError(
    codes.tryAgain,
    `cannot lock ${path}: ${holder ? `process ${holder}` : 'another process'} has held it for ${timeoutMs / 1000} s`,
    'try again later; if that process hangs, end it',
  )
}

/** proc(5), /proc/locks: `1: FLOCK ADVISORY WRITE 1234 fe:00:5678 0 EOF`; lines with `->` wait. */
const holderOf = (fd: number): string | undefined => {
  try {
    const inode = fstatSync(fd).ino
    const line = new RegExp(`^\\d+: FLOCK +ADVISORY +\\w+ +([1-9]\\d*) +[0-9a-f]+:[0-9a-f]+:${inode} `, 'm')
    const holder = line.exec(readFileSync('/proc/locks', 'utf8'))?.[1]
    readFileSync(`/proc/${holder}/stat`) // flock(1) has ended already
    return holder
  } catch {
    return undefined
  }
}
