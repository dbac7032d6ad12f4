/** execaSync of execa as far as src/linux/exec.ts needs it, with its results. */

import { closeSync, unnamedFile } from './fs.ts'
import { attempt, call, done, host } from './host.ts'

export interface Options {
  readonly stdin?: 'ignore'
  readonly extendEnv: false
  readonly reject: false
  readonly stripFinalNewline: false
  /** What it reads; nothing without it. */
  readonly input?: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds; then it is told to end, and killed five seconds later. */
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

/** @param path absolute @throws where the kernel does not know the file's format */
export const execaSync = (path: string, words: readonly string[], options: Options): Result => {
  const { input = '', env, timeout } = options
  const environ = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}=${value}`,
  )
  const stdin = unnamedFile(input)
  const [stdout, stderr] = [pipe(), pipe()]
  const pid = host.spawn(path, [path, ...words], environ, stdin, stdout.into, stderr.into)
  for (const fd of [stdin, stdout.into, stderr.into]) closeSync(fd)
  try {
    if (pid === -ENOEXEC) throw new Error(`spawn ENOEXEC: ${path}`)
    if (pid < 0) return { timedOut: false, stdout: '', stderr: '', cause: whyNot(pid, path) }
    const stop = stopping(pid, performance.now() + timeout)
    const [said, complained] = allOf([stdout.from, stderr.from], stop)
    return { ...ending(pid, stop), timedOut: stop.timedOut(), stdout: said!, stderr: complained! }
  } finally {
    for (const fd of [stdout.from, stderr.from]) closeSync(fd)
  }
}

const O_CLOEXEC = 0o2000000

const pipe = () => {
  const ends = Buffer.alloc(8)
  call('pipe2', ends, O_CLOEXEC)
  return { from: ends.readInt32LE(0), into: ends.readInt32LE(4) }
}

const whyNot = (pid: number, path: string): unknown => {
  try {
    return done(pid, 'execve', path)
  } catch (error) {
    return error
  }
}

const SIGTERM = 15
const SIGKILL = 9
/** Milliseconds between them. */
const GRACE = 5000

/** When to stop it. */
const stopping = (pid: number, deadline: number) => {
  const signals = [SIGTERM, SIGKILL]
  const next = () => deadline + GRACE * (2 - signals.length)
  return {
    /** Milliseconds until the next signal is due, after those that are; at most `limit`. */
    rest: (limit: number): number => {
      while (signals.length && performance.now() >= next()) attempt('kill', pid, signals.shift()!)
      return signals.length ? Math.min(limit, Math.max(1, Math.ceil(next() - performance.now()))) : limit
    },
    timedOut: () => signals.length < 2,
  }
}

type Stop = ReturnType<typeof stopping>

const POLLIN = 1
const POLLFD = 8
const [EINTR, MINUTE] = [-4, 60_000]
const room = new Uint8Array(1 << 16)

/** Reads pipes until nobody can write to them any more. @returns what came out of each */
const allOf = (pipes: readonly number[], stop: Stop): string[] => {
  const parts = pipes.map((): Buffer[] => [])
  const open = new Set(pipes.keys())
  const polled = Buffer.alloc(POLLFD * pipes.length)
  while (open.size) {
    // A negative descriptor is passed by.
    for (const [n, fd] of pipes.entries()) {
      polled.writeInt32LE(open.has(n) ? fd : -1, POLLFD * n)
      polled.writeUInt16LE(POLLIN, POLLFD * n + 4)
    }
    const ready = attempt('poll', polled, pipes.length, stop.rest(MINUTE))
    if (ready < 0 && ready !== EINTR) done(ready, 'poll')
    if (ready > 0)
      for (const n of [...open]) {
        if (!polled.readUInt16LE(POLLFD * n + 6)) continue
        const length = call('read', pipes[n]!, room, room.length)
        if (length) parts[n]!.push(Buffer.from(room.subarray(0, length)))
        else open.delete(n)
      }
  }
  return parts.map(some => Buffer.concat(some).toString())
}

const WNOHANG = 1

/** It may live on after it has closed its outputs. */
const ending = (pid: number, stop: Stop): Pick<Result, 'exitCode' | 'signal'> => {
  const status = Buffer.alloc(4)
  while (call('wait4', pid, status, WNOHANG, 0) === 0) attempt('poll', status, 0, stop.rest(1))
  const signal = status[0]! & 0x7f
  return signal ? { signal: signals[signal] ?? `signal ${signal}` } : { exitCode: status[1]! }
}

/** signal(7) */
const signals: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
}
