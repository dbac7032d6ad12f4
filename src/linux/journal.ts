/** systemd's journal, by its native protocol: a datagram an entry (systemd.io, "Native Journal Protocol"). */

import { existsSync, writeSync } from 'node:fs'
import { CniError, codes } from '../../cni/errors.ts'

const SOCKET = '/run/systemd/journal/socket'

/** <sys/socket.h> */
const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000

/** By name: capital letters, digits and underscores. */
export type Entry = Readonly<Record<string, string | number>>

/**
 * @returns what sends an entry
 * @throws CniError(io) where no journald is, and where there is no FFI: neither Bun nor Node has such sockets
 */
export const openJournal = async (): Promise<(entry: Entry) => void> => {
  if (!existsSync(SOCKET)) throw refusal('no journald is here', 'give the path of a file')
  const fd = await connected()
  return entry => {
    writeSync(fd, encodeEntry(entry))
  }
}

/** `KEY=value`; a value of several lines goes with its length, 64 bits, little-endian. */
export const encodeEntry = (entry: Entry): Buffer =>
  Buffer.concat(
    Object.entries(entry).map(([key, value]) => {
      const text = Buffer.from(String(value))
      if (!text.includes('\n')) return Buffer.from(`${key}=${text}\n`)
      const length = Buffer.alloc(8)
      length.writeBigUInt64LE(BigInt(text.length))
      return Buffer.concat([Buffer.from(`${key}\n`), length, text, Buffer.from('\n')])
    }),
  )

const connected = async (): Promise<number> => {
  if (typeof Bun === 'undefined') throw refusal('its socket cannot be opened here', 'give the path of a file')
  const { dlopen } = await import('bun:ffi')
  const { symbols: libc } = dlopen('libc.so.6', {
    socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
    connect: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  })
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  // struct sockaddr_un, unix(7)
  const address = Buffer.concat([Buffer.from(Uint16Array.of(AF_UNIX).buffer), Buffer.from(`${SOCKET}\0`)])
  if (fd < 0 || libc.connect(fd, address, address.length) < 0)
    throw refusal('journald does not listen', 'look at systemd-journald.service')
  return fd
}

const refusal = (words: string, remedy: string) =>
  new CniError(codes.io, `cannot open ${SOCKET}: ${words}`, remedy)
