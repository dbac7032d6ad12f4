/** What the program around us gives (host.c): everything else of the machine is reached by system calls. */

import { errnoName, errnoWords } from '../linux/netlink/errno.ts'

export interface Host {
  /** syscall(2). @returns what it returned, or -errno */
  syscall(number: number, ...args: readonly (number | string | Uint8Array)[]): number
  /** Of UTF-8; what is none becomes U+FFFD. */
  text(bytes: Uint8Array, from: number, to: number): string
  /** UTF-8 */
  bytes(text: string): ArrayBuffer
  /** posix_spawn(3). @returns the process, or -errno */
  spawn(
    path: string,
    argv: readonly string[],
    environ: readonly string[],
    stdin: number,
    stdout: number,
    stderr: number,
  ): number
  crc32(bytes: Uint8Array): number
  /** Begins the whole program in our place. @returns -errno, if at all */
  become(): number
  /** Set by us: where each process begins. */
  start?: (argv: string[], environ: string[]) => void
  /** Set by us: called when there is nothing to do. @returns whether there may be something now */
  idle?: () => boolean
}

export const host = (globalThis as unknown as { host: Host }).host

/** Numbers of x86-64 (arch/x86/entry/syscalls/syscall_64.tbl). */
const numbers = {
  read: 0,
  write: 1,
  close: 3,
  fstat: 5,
  poll: 7,
  lseek: 8,
  socket: 41,
  setsockopt: 54,
  wait4: 61,
  kill: 62,
  flock: 73,
  fdatasync: 75,
  getpid: 39,
  getppid: 110,
  geteuid: 107,
  getdents64: 217,
  clock_gettime: 228,
  clock_nanosleep: 230,
  exit_group: 231,
  openat: 257,
  mkdirat: 258,
  newfstatat: 262,
  unlinkat: 263,
  renameat: 264,
  readlinkat: 267,
  fchmodat: 268,
  faccessat: 269,
  dup3: 292,
  pipe2: 293,
  setns: 308,
  getrandom: 318,
  memfd_create: 319,
} as const

export type Syscall = keyof typeof numbers

/** As it is: what went wrong is -errno. */
export const attempt = (name: Syscall, ...args: readonly (number | string | Uint8Array)[]): number =>
  host.syscall(numbers[name], ...args)

/** @param about what the error is to name @throws as Node does: with `code`, `errno` (negative) and `syscall` */
export const done = (returned: number, name: string, about = ''): number => {
  if (returned >= 0) return returned
  const code = errnoName(-returned)
  const message = `${code}: ${errnoWords(-returned)}, ${name}${about && ` '${about}'`}`
  throw Object.assign(new Error(message), { code, errno: returned, syscall: name })
}

export const call = (name: Syscall, ...args: readonly (number | string | Uint8Array)[]): number =>
  done(attempt(name, ...args), name)
