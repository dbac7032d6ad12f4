/** execaSync of execa as far as src/linux/exec.ts needs it, with its results. */

import { accessSync, closeSync, constants, readFileSync, rewind, unnamedFile } from './fs.ts'
import { attempt, call, done, host } from './host.ts'

export interface Options {
  readonly stdin?: 'ignore'
  readonly extendEnv: false
  readonly reject: false
  readonly stripFinalNewline: false
  /** What it reads; nothing without it. */
  readonly input?: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds; then it is killed. */
  readonly timeout: number
}

export interface Result {
  /** Undefined if it was not started, or killed. */
  readonly exitCode?: number
  readonly signal?: string
  readonly timedOut: boolean
  readonly stdout: string
  readonly stderr: string
  /** Why it was not started. */
  readonly cause?: unknown
}

const ENOEXEC = 8

/** @throws where the kernel does not know the file's format */
export const execaSync = (file: string, words: readonly string[], options: Options): Result => {
  const { input = '', env, timeout } = options
  const environ = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}=${value}`,
  )
  // Files, not pipes: nobody has to read while it writes.
  const [stdin, stdout, stderr] = [unnamedFile(input), unnamedFile(), unnamedFile()]
  try {
    const path = programOf(file, env.PATH ?? '')
    const pid = host.spawn(path, [file, ...words], environ, stdin, stdout, stderr)
    if (pid === -ENOEXEC) throw new Error(`spawn ENOEXEC: ${path}`)
    const cause = pid < 0 ? failure(() => done(pid, 'execve', path)) : undefined
    const ended = pid < 0 ? { timedOut: false } : ending(pid, timeout)
    return { ...ended, cause, stdout: whole(stdout), stderr: whole(stderr) }
  } finally {
    for (const fd of [stdin, stdout, stderr]) closeSync(fd)
  }
}

/** As execvp(3) looks for it; by its bare name where it is nowhere. */
const programOf = (file: string, path: string): string => {
  if (file.includes('/')) return file
  const places = path.split(':').map(directory => `${directory}/${file}`)
  return places.find(place => !failure(() => accessSync(place, constants.X_OK))) ?? file
}

const failure = (work: () => void): unknown => {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}

const POLLIN = 1
const SIGKILL = 9

const ending = (pid: number, timeout: number) => {
  const pidfd = call('pidfd_open', pid, 0)
  const polled = Buffer.alloc(8)
  polled.writeInt32LE(pidfd, 0)
  polled.writeUInt16LE(POLLIN, 4)
  const timedOut = attempt('poll', polled, 1, timeout) === 0
  if (timedOut) call('kill', pid, SIGKILL)
  closeSync(pidfd)
  const status = Buffer.alloc(4)
  call('wait4', pid, status, 0, 0)
  const [signal, code] = [status[0]! & 0x7f, status[1]!]
  return signal ? { signal: `signal ${signal}`, timedOut } : { exitCode: code, timedOut }
}

const whole = (fd: number): string => {
  rewind(fd)
  return readFileSync(fd, 'utf8')
}
