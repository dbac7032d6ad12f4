/** One packet into the world, from a namespace, by the kernel's own sockets: no program need be in there. */

import { CniError, codes } from '../../cni/errors.ts'
import { parseAddress } from '../../ipam/address.ts'
import type { Netns } from '../plan/netns.ts'
import { NetlinkError } from './netlink/errno.ts'
import { within } from './netlink/namespace.ts'
import { syscalls } from './netlink/syscalls.ts'

export interface Probe {
  readonly family: 4 | 6
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'sctp'
  /** Undefined for what the kernel chooses. */
  readonly from?: string
  readonly to: string
  /** Of icmp, 0. */
  readonly port: number
  /** Bytes of the IP packet: of those protocols that can be so large at once. */
  readonly size: number
}

/**
 * `answered`: something came back that says it was taken. `refused`: it arrived, and nobody listens there. `failed`: the
 * kernel did not send it, or was told by a router that it gets no further. `silent`: nothing was heard.
 */
export interface Heard {
  readonly kind: 'answered' | 'refused' | 'failed' | 'silent'
  /** The kernel's own, `Network is unreachable`; empty where it is silent. */
  readonly words: string
  readonly milliseconds: number
}

/** <bits/socket.h>, <netinet/in.h>, <asm-generic/socket.h>, <bits/poll.h> */
const AF = { 4: 2, 6: 10 } as const
const SOCK = { stream: 1, datagram: 2, raw: 3, nonblock: 0o4000, closeOnExec: 0o2000000 } as const
const PROTOCOL = { tcp: 6, udp: 17, sctp: 132, icmp: { 4: 1, 6: 58 } } as const
const SOL_SOCKET = 1
const SO_ERROR = 4
/** IP_MTU_DISCOVER and IPV6_MTU_DISCOVER, both with level and name; 2 is IP_PMTUDISC_DO: it must not be cut. */
const MTU_DISCOVER = { 4: [0, 10], 6: [41, 23] } as const
const DO = 2
const EINPROGRESS = 115
const ECONNREFUSED = 111

/**
 * Sends it, and waits for what comes back.
 * @param timeout milliseconds
 * @throws NetnsError, CniError where there is no FFI
 */
export const probe = async (netns: Netns, what: Probe, timeout = 1500): Promise<Heard> => {
  const [system, libc] = [await syscalls(), await library()]
  if (!system || !libc)
    throw new CniError(
      codes.toolMissing,
      'no probe without glibc, nor with VETHWORK_NETLINK=iproute2',
      'ask without --live',
    )
  const began = performance.now()
  const heard = (kind: Heard['kind'], words = ''): Heard => ({
    kind,
    words,
    milliseconds: Math.round((performance.now() - began) * 10) / 10,
  })
  const of = (errno: number) => heard(errno === ECONNREFUSED ? 'refused' : 'failed', wordsOf(errno))
  let fd: number
  try {
    fd = within(system, netns, () => system.socket(AF[what.family], typeOf(what), protocolOf(what)))
  } catch (error) {
    if (error instanceof NetlinkError) return of(error.errno)
    throw error
  }
  try {
    const [level, option] = MTU_DISCOVER[what.family]
    system.setOption(fd, level, option, DO)
    const errno = libc.begin(fd, what)
    if (errno && errno !== EINPROGRESS) return of(errno)
    const isConnection = what.protocol === 'tcp' || what.protocol === 'sctp'
    while (performance.now() - began < timeout) {
      if (isConnection ? libc.isReady(fd, 'write') : libc.isReady(fd, 'read')) {
        const failure = libc.failureOf(fd)
        if (failure) return of(failure)
        if (isConnection || libc.isAnswer(fd, what)) return heard('answered')
      }
      // Others must be heard meanwhile: the end, if somebody wishes it.
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    return heard('silent')
  } finally {
    libc.close(fd)
  }
}

const typeOf = ({ protocol }: Probe) =>
  SOCK[protocol === 'icmp' ? 'raw' : protocol === 'udp' ? 'datagram' : 'stream'] |
  SOCK.nonblock |
  SOCK.closeOnExec

const protocolOf = ({ protocol, family }: Probe) =>
  protocol === 'icmp' ? PROTOCOL.icmp[family] : PROTOCOL[protocol]

const wordsOf = (errno: number) => new NetlinkError(errno).message

interface Library {
  /** Binds, connects and sends. @returns 0, or errno */
  begin(fd: number, what: Probe): number
  isReady(fd: number, way: 'read' | 'write'): boolean
  /** errno of what happened to a socket (SO_ERROR), 0 if nothing did. */
  failureOf(fd: number): number
  /** Reads one datagram. */
  isAnswer(fd: number, what: Probe): boolean
  close(fd: number): void
}

const library = async (): Promise<Library | undefined> => {
  if (typeof Bun === 'undefined') return undefined
  const { dlopen, read } = await import('bun:ffi')
  const { symbols: libc } = dlopen('libc.so.6', {
    bind: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
    connect: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
    send: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i64' },
    recv: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i64' },
    poll: { args: ['ptr', 'u64', 'i32'], returns: 'i32' },
    getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
    close: { args: ['i32'], returns: 'i32' },
    __errno_location: { args: [], returns: 'ptr' },
  })
  const errno = (returned: number | bigint) =>
    Number(returned) < 0 ? read.i32(libc.__errno_location()!, 0) : 0
  const buffer = Buffer.alloc(1 << 16)
  return {
    begin: (fd, what) => {
      const { family, from, to, port, protocol } = what
      const end = (address: string, port: number) => sockaddr(family, address, port)
      const bound = from ? errno(libc.bind(fd, end(from, 0), LENGTH[family])) : 0
      const connected = bound || errno(libc.connect(fd, end(to, port), LENGTH[family]))
      if (connected || protocol === 'tcp' || protocol === 'sctp') return connected
      const packet = payload(what)
      return errno(libc.send(fd, packet, packet.length, 0))
    },
    isReady: (fd, way) => {
      // struct pollfd: fd, events, revents; POLLIN is 1, POLLOUT 4, an error is always told.
      const asked = Buffer.alloc(8)
      asked.writeInt32LE(fd, 0)
      asked.writeInt16LE(way === 'read' ? 1 : 4, 4)
      return libc.poll(asked, 1, 0) > 0
    },
    failureOf: fd => {
      const [value, length] = [new Int32Array(1), new Int32Array([4])]
      libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, value, length)
      return value[0]!
    },
    isAnswer: (fd, { protocol, family }) => {
      const length = Number(libc.recv(fd, buffer, buffer.length, 0))
      if (length <= 0) return false
      if (protocol === 'udp') return true
      // A raw socket of IPv4 hears the IP header, too, and both hear everybody's.
      const start = family === 4 ? (buffer[0]! & 15) * 4 : 0
      return buffer[start] === REPLY[family] && buffer.readUInt16BE(start + 4) === IDENTIFIER
    },
    close: fd => void libc.close(fd),
  }
}

/** sizeof(struct sockaddr_in), sizeof(struct sockaddr_in6) */
const LENGTH = { 4: 16, 6: 28 } as const

const sockaddr = (family: 4 | 6, address: string, port: number): Buffer => {
  const bytes = Buffer.alloc(LENGTH[family])
  bytes.writeUInt16LE(AF[family], 0)
  bytes.writeUInt16BE(port, 2)
  const { value } = parseAddress(address)
  if (family === 4) bytes.writeUInt32BE(Number(value), 4)
  else {
    bytes.writeBigUInt64BE(value >> 64n, 8)
    bytes.writeBigUInt64BE(value & 0xffffffffffffffffn, 16)
  }
  return bytes
}

const REQUEST = { 4: 8, 6: 128 } as const
const REPLY = { 4: 0, 6: 129 } as const
const IDENTIFIER = process.pid & 0xffff
const IP_HEADER = { 4: 20, 6: 40 } as const
/** Of UDP and of an echo request alike. */
const HEADER = 8

/** An echo request (RFC 792, RFC 4443: of that the kernel sums up itself), or so many zeros. */
const payload = ({ family, protocol, size }: Probe): Buffer => {
  const length = Math.max(HEADER, size - IP_HEADER[family])
  if (protocol === 'udp') return Buffer.alloc(length - HEADER)
  const packet = Buffer.alloc(length)
  packet[0] = REQUEST[family]
  packet.writeUInt16BE(IDENTIFIER, 4)
  packet.writeUInt16BE(1, 6)
  if (family === 4) packet.writeUInt16BE(checksum(packet), 2)
  return packet
}

/** RFC 1071 */
const checksum = (bytes: Buffer): number => {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at]! << 8) | (bytes[at + 1] ?? 0)
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16)
  return ~sum & 0xffff
}
