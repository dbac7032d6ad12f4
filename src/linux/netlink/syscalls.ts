/** The three system calls that neither Bun nor Node have, by Bun's FFI. A netlink socket is a file for all else. */

import { wantsNetlink } from '../mode.ts'
import { NetlinkError } from './errno.ts'

export interface Syscalls {
  /** socket(2). @returns a file descriptor. @throws NetlinkError */
  socket(domain: number, type: number, protocol: number): number
  /** setsockopt(2), of an int. @returns whether the kernel knows the option */
  setOption(fd: number, level: number, option: number, value: number): boolean
  /** setns(2): of this thread, which is the only one that runs our code. @throws NetlinkError */
  setNetns(fd: number): void
}

let loading: Promise<Syscalls | undefined> | undefined

/** Undefined where there is no FFI, or no glibc, or nobody wants it. */
export const syscalls = (): Promise<Syscalls | undefined> => {
  loading ??= load()
  return loading
}

/** <sched.h> */
const CLONE_NEWNET = 0x40000000

const load = async (): Promise<Syscalls | undefined> => {
  if (typeof Bun === 'undefined' || !wantsNetlink()) return undefined
  try {
    const { dlopen, read } = await import('bun:ffi')
    const { symbols: libc } = dlopen('libc.so.6', {
      socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
      setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
      setns: { args: ['i32', 'i32'], returns: 'i32' },
      __errno_location: { args: [], returns: 'ptr' },
    })
    const checked = (returned: number) => {
      if (returned < 0) throw new NetlinkError(read.i32(libc.__errno_location()!, 0))
      return returned
    }
    return {
      socket: (domain, type, protocol) => checked(libc.socket(domain, type, protocol)),
      setOption: (fd, level, option, value) =>
        libc.setsockopt(fd, level, option, new Int32Array([value]), 4) === 0,
      setNetns: fd => {
        checked(libc.setns(fd, CLONE_NEWNET))
      },
    }
  } catch {
    return undefined
  }
}
