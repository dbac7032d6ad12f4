/** Ops done by messages, one after the other: what comes after a failure is not sent. */

import { closeSync, openSync } from 'node:fs'
import { AddressError } from '../../../ipam/address.ts'
import type { Op } from '../../plan/kinds/index.ts'
import { HOST, type Netns } from '../../plan/netns.ts'
import type { LineFailure } from '../iproute2.ts'
import { NetlinkError } from './errno.ts'
import { notedIndex, noteIndex } from './indexes.ts'
import { indexOf } from './links.ts'
import { NetnsError } from './namespace.ts'
import { haveMessages, requestOf } from './ops/index.ts'
import { type Lookup, MissingDevice } from './ops/lookup.ts'
import { type Netlink, netlink } from './socket.ts'
import { deleteTogether } from './together.ts'

/**
 * Does ops of ip(8), bridge(8) and tc(8).
 * @param keepGoing also after a failure
 * @returns what failed, in the words of ip(8); undefined, and nothing done, if a program is needed for one of them
 */
export const runOps = async (
  netns: Netns,
  ops: readonly Op[],
  keepGoing: boolean,
): Promise<LineFailure[] | undefined> => {
  if (!(await haveMessages(ops))) return undefined
  const failures: LineFailure[] = []
  const gone = new Set<string>()
  for (const [index, op] of ops.entries()) {
    const stderr = await told(async () => {
      const route = await netlink(netns, 'route')
      if (route && keepGoing && op.op === 'link.del' && ops[index - 1]?.op !== 'link.del')
        for (const name of deleteTogether(route, deletedFrom(ops, index))) gone.add(name)
      if (route && !(op.op === 'link.del' && gone.has(op.name))) send(route, op)
      return route !== undefined
    })
    if (stderr === undefined) return undefined
    if (stderr) failures.push({ index, stderr })
    if (stderr && !keepGoing) break
  }
  return failures
}

/** Names of interfaces that one op after the other deletes. */
const deletedFrom = (ops: readonly Op[], first: number): string[] => {
  const names: string[] = []
  for (const op of ops.slice(first)) {
    if (op.op !== 'link.del') break
    names.push(op.name)
  }
  return names
}

/** Once more if it was done to an interface that is no longer the one of its name. */
const send = (route: Netlink, op: Op): void => {
  const noted = new Map<string, number>()
  const lookup = (name: string) => {
    const found = notedIndex(route, name)
    if (found === undefined) return asked(route, name)
    noted.set(name, found)
    return found
  }
  try {
    sendOnce(route, op, lookup)
  } catch (error) {
    const isOld = ([name, index]: [string, number]) => indexOf(route, name) !== index
    if (!(error instanceof NetlinkError) || ![...noted].some(isOld)) throw error
    sendOnce(route, op, name => asked(route, name))
  }
}

const asked = (route: Netlink, name: string): number => {
  const found = indexOf(route, name)
  if (found === undefined) throw new MissingDevice(name)
  return found
}

const sendOnce = (route: Netlink, op: Op, index: Lookup['index']): void => {
  const opened: number[] = []
  const netns = (path: Netns) => {
    opened.push(openNetns(path))
    return opened.at(-1)!
  }
  try {
    route.ask(requestOf(op, { index, netns }))
  } finally {
    if (op.op === 'link.del' || op.op === 'link.rename') noteIndex(route, op.name, undefined)
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
    // A value that no message can hold.
    if (error instanceof TypeError || error instanceof AddressError) return error.message
    throw error
  }
}
