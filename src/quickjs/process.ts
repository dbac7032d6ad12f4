/** Node's `process` and the other globals, as far as a CNI call needs them. What differs from process to process is asked for. */

import './mended.ts'
import { Buffer } from './buffer.ts'
import { attempt, host } from './host.ts'

/** Set once each process begins: all else here lies in memory since the executable was built. */
const given = { argv: [] as string[], env: {} as Record<string, string | undefined>, began: 0 }

export const begin = (argv: string[], environ: readonly string[]): void => {
  given.argv = argv
  given.env = Object.fromEntries(environ.map(taken))
  given.began = now()
}

const taken = (variable: string) => {
  const at = variable.indexOf('=')
  return [variable.slice(0, at), variable.slice(at + 1)]
}

const SIGABRT_STATUS = 134

/** On stderr; whoever does not hear it must not keep us from our work. */
const complain = (text: string) => {
  const bytes = Buffer.from(text)
  attempt('write', 2, bytes, bytes.length)
}

const process = {
  get env() {
    return given.env
  },
  get argv0() {
    return given.argv[0] ?? ''
  },
  get pid() {
    return attempt('getpid')
  },
  get ppid() {
    return attempt('getppid')
  },
  geteuid: () => attempt('geteuid'),
  exit: (status: number) => attempt('exit_group', status) as never,
  abort: () => attempt('exit_group', SIGABRT_STATUS) as never,
  stderr: { write: complain },
}

const CLOCK_MONOTONIC = 1
const time = new DataView(new ArrayBuffer(16))
const timeBytes = new Uint8Array(time.buffer)

/** Milliseconds */
const now = () => {
  attempt('clock_gettime', CLOCK_MONOTONIC, timeBytes)
  return Number(time.getBigInt64(0, true)) * 1000 + Number(time.getBigInt64(8, true)) / 1e6
}

const sleep = (ms: number) => {
  time.setBigInt64(0, BigInt(Math.floor(ms / 1000)), true)
  time.setBigInt64(8, BigInt(Math.floor((ms % 1000) * 1e6)), true)
  attempt('clock_nanosleep', CLOCK_MONOTONIC, 0, timeBytes, 0)
}

const timers: { readonly at: number; readonly work: (nothing?: unknown) => void }[] = []

/** When all else is done: the timer that comes next. */
host.idle = () => {
  timers.sort((a, b) => a.at - b.at)
  const next = timers.shift()
  if (!next) return false
  const rest = next.at - now()
  if (rest > 0) sleep(rest)
  next.work()
  return true
}

const filled = <T extends Uint8Array>(bytes: T): T => {
  attempt('getrandom', bytes, bytes.length, 0)
  return bytes
}

// QuickJS's own would say the same in each process: its seed is as old as the executable.
Math.random = () => filled(new Buffer(6)).readUIntLE(0, 6) / 2 ** 48

/** Typed for all that is in the program by .dev/quick.d.ts. */
export const globals = {
  process,
  Buffer,
  console: { warn: (text: string) => complain(`${text}\n`) },
  performance: { now: () => now() - given.began },
  setTimeout: (work: (nothing?: unknown) => void, ms = 0) => {
    timers.push({ at: now() + ms, work })
  },
  crypto: { getRandomValues: filled },
  TextEncoder: class {
    encode = (text: string) => Buffer.from(text)
  },
}

Object.assign(globalThis, globals)
