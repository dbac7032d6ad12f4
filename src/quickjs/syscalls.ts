/** In place of src/linux/netlink/syscalls.ts. */

import { wantsNetlink } from '../linux/mode.ts'
import { NetlinkError } from '../linux/netlink/errno.ts'
import type { Syscalls } from '../linux/netlink/syscalls.ts'
import { attempt } from './host.ts'

/** <sched.h> */
const CLONE_NEWNET = 0x40000000

const checked = (returned: number): number => {
  if (returned < 0) throw new NetlinkError(-returned)
  return returned
}

const direct: Syscalls = {
  socket: (domain, type, protocol) => checked(attempt('socket', domain, type, protocol)),
  setOption: (fd, level, option, value) => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32LE(value, 0)
    return attempt('setsockopt', fd, level, option, bytes, bytes.length) === 0
  },
  setNetns: fd => {
    checked(attempt('setns', fd, CLONE_NEWNET))
  },
}

export const syscalls = async (): Promise<Syscalls | undefined> => (wantsNetlink() ? direct : undefined)
