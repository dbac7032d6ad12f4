/** Ops done by messages, one after the other: what comes after a failure is not sent. */

import { closeSync, openSync } from 'node:fs'
import type { Op } from '../../plan/kinds/index.ts'
import { HOST, type Netns } from '../../plan/netns.ts'
import type { LineFailure } from '../iproute2.ts'
import { NetlinkError } from './errno.ts'
import { getLink } from './links.ts'
import { NetnsError } from './namespace.ts'
import { requestOf } from './ops/index.ts'
import { type Lookup, MissingDevice } from './ops/lookup.ts'
import { type Netlink, netlink } from './socket.ts'

/**
 * Does ops of ip(8) and bridge(8).
 * @param keepGoing also after a failure
 * @returns what failed, in the words of ip(8); undefined, and nothing done, if a program is needed for one of them
 */
export const runOps = async (
  netns: Netns,
  ops: readonly Op[],
  keepGoing: boolean,
): Promise<LineFailure[] | undefined> => {
  if (!ops.every(hasMessage)) return undefined
  const failures: LineFailure[] = []
  for (const [index, op] of ops.entries()) {
    const stderr = await told(async () => {
      const route = await netlink(netns, 'route')
      if (route) send(route, op)
      return route !== undefined
    })
    if (stderr === undefined) return undefined
    if (stderr) failures.push({ index, stderr })
    if (stderr && !keepGoing) break
  }
  return failures
}

/** Whether there is a message for it; of a value that is not understood ip(8) says what is wrong. */
const hasMessage = (op: Op): boolean => {
  try {
    return requestOf(op, { index: () => 1, netns: () => 0 }) !== undefined
  } catch {
    return false
  }
}

const send = (route: Netlink, op: Op): void => {
  const opened: number[] = []
  const lookup: Lookup = {
    index: name => {
      const found = getLink(route, { IFLA_IFNAME: name })?.ifi_index
      if (found === undefined) throw new MissingDevice(name)
      return found
    },
    netns: path => {
      opened.push(openNetns(path))
      return opened.at(-1)!
    },
  }
  try {
    route.ask(requestOf(op, lookup)!)
  } finally {
    for (const fd of opened) closeSync(fd)
  }
}

const openNetns = (path: Netns): number => {
  try {
    return openSync(path === HOST ? '/proc/thread-self/ns/net' : path, 'r')
  } catch (error) {
    throw new NetnsError(`cannot enter the namespace ${path}: ${(error as { code?: string }).code}`)
  }
}

/** @returns what went wrong, as ip(8) puts it; empty if nothing did; undefined if it was not done at all */
const told = async (work: () => Promise<boolean>): Promise<string | undefined> => {
  try {
    return (await work()) ? '' : undefined
  } catch (error) {
    if (error instanceof NetlinkError) return error.message
    if (error instanceof MissingDevice || error instanceof NetnsError) return error.message
    throw error
  }
}
