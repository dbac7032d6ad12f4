/** Netlink sockets (netlink(7)): what is asked is answered before write(2) returns, so that nothing here waits. */

import { readSync, writeSync } from 'node:fs'
import type { Netns } from '../../plan/netns.ts'
import { NetlinkError } from './errno.ts'
import {
  type Ack,
  ackOf,
  encodeMessage,
  type Message,
  messagesIn,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  type Request,
} from './message.ts'
import { within } from './namespace.ts'
import { type Syscalls, syscalls } from './syscalls.ts'

export interface Netlink {
  /** Asks for one thing. @returns its body. @throws NetlinkError */
  get(request: Request): Buffer
  /** Has one thing done. @returns the bodies of the answers. @throws NetlinkError */
  ask(request: Request): Buffer[]
  /** Asks for all there is of a kind. @throws NetlinkError, EBUSY if it changes all the time */
  dump(request: Request): Buffer[]
  /**
   * Sends several in one datagram, for protocols that make one transaction of it: the last that asks for an
   * acknowledgement is waited for, failures are always told.
   * @returns what was said of each
   */
  transact(requests: readonly Request[]): Ack[]
}

/** <linux/netlink.h>, <linux/socket.h> */
const AF_NETLINK = 16
const protocols = { route: 0, sock_diag: 4, netfilter: 12 } as const
const SOCK_RAW = 3
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_SNDBUFFORCE = 32
const SOL_NETLINK = 270
const NETLINK_CAP_ACK = 10
const NETLINK_EXT_ACK = 11
const NETLINK_GET_STRICT_CHK = 12

const opened = new Map<string, Netlink>()

/**
 * The socket of a protocol in a namespace, which is opened once. It keeps the namespace alive until we end.
 * @returns undefined where there is no FFI
 * @throws NetnsError, NetlinkError
 */
export const netlink = async (
  netns: Netns,
  protocol: keyof typeof protocols,
): Promise<Netlink | undefined> => {
  const system = await syscalls()
  if (!system) return undefined
  const key = `${protocol} ${netns}`
  const found = opened.get(key) ?? open(system, netns, protocol)
  opened.set(key, found)
  return found
}

const open = (system: Syscalls, netns: Netns, protocol: keyof typeof protocols): Netlink => {
  const type = SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC
  const fd = within(system, netns, () => system.socket(AF_NETLINK, type, protocols[protocol]))
  // An older kernel does not know all of them: then it says less, or more than it was asked for.
  for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK])
    system.setOption(fd, SOL_NETLINK, option, 1)
  return on(fd, length => system.setOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, length))
}

/** How much the kernel puts into one datagram of a dump, at most; a single answer is shorter. */
const DATAGRAM = 1 << 16
/** net.core.wmem_default: what fits without asking for more room. */
const ROOM = 200_000
/** How often a dump is begun again because something changed meanwhile. */
const ATTEMPTS = 10

/** One for all sockets: what was read is copied at once. */
let buffer: Buffer | undefined

const on = (fd: number, makeRoom: (length: number) => void): Netlink => {
  buffer ??= Buffer.allocUnsafe(DATAGRAM)
  const room = buffer
  let sequence = 0

  /** Messages about those that were sent: until the one that `isLast`, or there are no more. */
  const receive = (first: number, isLast: (message: Message) => boolean): Message[] => {
    const received: Message[] = []
    for (;;) {
      const length = readable(() => readSync(fd, room))
      if (length === undefined && received.length) return received
      if (length === undefined) throw new NetlinkError(EAGAIN, 'the kernel did not answer')
      const messages = messagesIn(Buffer.from(room.subarray(0, length)))
      const mine = messages.filter(message => message.sequence >= first)
      received.push(...mine)
      if (mine.some(isLast)) return received
    }
  }

  const send = (requests: readonly Request[], isLast: (message: Message) => boolean): Message[] => {
    const first = sequence + 1
    const messages = requests.map(one => encodeMessage(one, ++sequence))
    const datagram = messages.length === 1 ? messages[0]! : Buffer.concat(messages)
    if (datagram.length > ROOM) makeRoom(2 * datagram.length)
    saying(() => writeSync(fd, datagram))
    return receive(first, isLast)
  }

  const isEnd = ({ type }: Message) => type === NLMSG_ERROR || type === NLMSG_DONE

  const asked = (request: Request): Message[] => {
    const received = send([request], isEnd)
    const end = received.find(isEnd)
    if (!end || ackOf(end).errno) throw failed(end)
    return received
  }
  const failed = (end: Message | undefined) => {
    const { errno, words } = end ? ackOf(end) : { errno: EAGAIN, words: 'the kernel did not end its answer' }
    return new NetlinkError(errno, words)
  }
  const bodies = (messages: readonly Message[]) =>
    messages.filter(message => !isEnd(message)).map(({ body }) => body)

  return {
    // The answer is the end of it, for who does not want it acknowledged as well.
    get: request => {
      const [first] = send([request], () => true)
      if (!first || isEnd(first)) throw failed(first)
      return first.body
    },

    ask: request => bodies(asked({ ...request, flags: request.flags | NLM_F_ACK })),

    dump: request => {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        const messages = asked({ ...request, flags: request.flags | NLM_F_DUMP })
        if (!messages.some(({ flags }) => flags & NLM_F_DUMP_INTR)) return bodies(messages)
      }
      throw new NetlinkError(EBUSY, 'it changes while it is looked at')
    },

    transact: requests => {
      const first = sequence + 1
      const last = first + requests.findLastIndex(({ flags }) => flags & NLM_F_ACK)
      const received = send(requests, message => isEnd(message) && message.sequence === last)
      const acks = new Map(received.filter(isEnd).map(message => [message.sequence - first, ackOf(message)]))
      return requests.map((_, n) => acks.get(n) ?? { errno: 0, words: '' })
    },
  }
}

const EAGAIN = 11
const EBUSY = 16

/** Of reading and writing, too, a NetlinkError. */
const saying = <T>(work: () => T): T => {
  try {
    return work()
  } catch (error) {
    const { errno } = error as { errno?: number }
    throw errno === undefined ? error : new NetlinkError(Math.abs(errno))
  }
}

/** Undefined where there is nothing to read. */
const readable = <T>(read: () => T): T | undefined => {
  try {
    return saying(read)
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === EAGAIN) return undefined
    throw error
  }
}
