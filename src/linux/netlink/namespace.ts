/** Doing something in a network namespace (setns(2)), and being back afterwards whatever happened. */

import { closeSync, openSync } from 'node:fs'
import { HOST, type Netns } from '../../plan/netns.ts'
import { NetlinkError } from './errno.ts'
import type { Syscalls } from './syscalls.ts'

/** It cannot be entered: it is gone, or the path is no namespace's. */
export class NetnsError extends Error {
  override readonly name = 'NetnsError'
}

let host: number | undefined

/**
 * Runs `work` in a namespace. It must not wait: only this thread is in there, and only until it returns.
 * @throws NetnsError, and whatever `work` throws
 */
export const within = <T>({ setNetns }: Syscalls, netns: Netns, work: () => T): T => {
  if (netns === HOST) return work()
  host ??= openSync('/proc/thread-self/ns/net', 'r')
  enter(setNetns, netns)
  try {
    return work()
  } finally {
    goBack(setNetns, host)
  }
}

const enter = (setNetns: Syscalls['setNetns'], netns: string) => {
  let fd: number | undefined
  try {
    fd = openSync(netns, 'r')
    setNetns(fd)
  } catch (error) {
    const reason =
      error instanceof NetlinkError ? error.message : ((error as { code?: string }).code ?? error)
    throw new NetnsError(`cannot enter the namespace ${netns}: ${reason}`)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** Were this to fail, all else that we do, undoing included, would be done to the container instead of the host. */
const goBack = (setNetns: Syscalls['setNetns'], fd: number) => {
  try {
    setNetns(fd)
  } catch {
    process.abort()
  }
}
