/**
 * Who else has the address of a container? Asked as RFC 5227 section 2.1.1 has it: an ARP probe names no sender, so that
 * nobody remembers anything of it, and the container itself, which sends it, does not answer.
 */

import { closeSync, readSync, writeSync } from 'node:fs'
import { parseAddress } from '../../ipam/address.ts'
import type { Netns } from '../plan/netns.ts'
import { within } from './netlink/namespace.ts'
import { syscalls } from './netlink/syscalls.ts'

/** An interface inside a namespace, and one of its IPv4 addresses (without prefix length). */
export interface Asked {
  readonly netns: Netns
  readonly index: number
  readonly mac: string
  readonly address: string
}

/** Somebody who is not that interface says that the address is his. */
export interface Answer {
  readonly address: string
  readonly mac: string
  readonly asked: Asked
}

/** <linux/if_packet.h>, <linux/if_ether.h>, <linux/socket.h> */
const AF_PACKET = 17
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0o4000 | 0o2000000
const ETH_P_ARP = 0x0806
const htons = (value: number) => ((value & 0xff) << 8) | (value >> 8)
/** How long answers are waited for, in milliseconds: those of this host come at once, those of a LAN soon. */
const PATIENCE = 100

/** @returns none where there is no FFI */
export const whoElseHas = async (asked: readonly Asked[]): Promise<Answer[]> => {
  const system = asked.length ? await syscalls() : undefined
  const bind = system && (await binding())
  if (!system || !bind) return []
  const open: { readonly one: Asked; readonly fd: number }[] = []
  try {
    for (const one of asked) {
      try {
        const fd = within(system, one.netns, () =>
          system.socket(AF_PACKET, SOCK_RAW_NONBLOCK_CLOEXEC, htons(ETH_P_ARP)),
        )
        open.push({ one, fd })
        if (bind(fd, socketAddress(one.index))) writeSync(fd, probe(one))
      } catch {} // It has gone, or is down: others say so.
    }
    await new Promise(resolve => setTimeout(resolve, PATIENCE))
    return open.flatMap(({ one, fd }) => claims(one, fd))
  } finally {
    for (const { fd } of open) closeSync(fd)
  }
}

/** bind(2): apart from the other calls, for only who is here needs it. @returns one that says whether it could */
const binding = async () => {
  const { dlopen } = await import('bun:ffi')
  const { symbols } = dlopen('libc.so.6', { bind: { args: ['i32', 'ptr', 'u32'], returns: 'i32' } })
  return (fd: number, address: Uint8Array) => symbols.bind(fd, address, address.length) === 0
}

/** struct sockaddr_ll of packet(7) */
const socketAddress = (index: number) => {
  const bytes = Buffer.alloc(20)
  bytes.writeUInt16LE(AF_PACKET, 0)
  bytes.writeUInt16BE(ETH_P_ARP, 2)
  bytes.writeInt32LE(index, 4)
  return bytes
}

const macBytes = (mac: string) => Buffer.from(mac.replaceAll(':', ''), 'hex')
const addressBytes = (address: string) =>
  Buffer.from(parseAddress(address).value.toString(16).padStart(8, '0'), 'hex')

/** An ARP request (RFC 826) whose sender has no address yet. */
const probe = ({ mac, address }: Asked) =>
  Buffer.concat([
    Buffer.alloc(6, 0xff),
    macBytes(mac),
    Buffer.from([0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1]),
    macBytes(mac),
    Buffer.alloc(4 + 6),
    addressBytes(address),
  ])

/** Whoever spoke as the owner of the address, but from another hardware address. */
const claims = (asked: Asked, fd: number): Answer[] => {
  const own = asked.mac
  const buffer = Buffer.alloc(128)
  const found = new Map<string, Answer>()
  // More than anybody has to say in that time: a flood must not keep us.
  for (let n = 0; n < 256; n++) {
    let length = 0
    try {
      length = readSync(fd, buffer)
    } catch {
      break
    }
    if (length < 42) continue
    const mac = buffer
      .subarray(22, 28)
      .toString('hex')
      .replace(/..(?!$)/g, '$&:')
    const isTheirs = buffer.subarray(28, 32).equals(addressBytes(asked.address))
    if (isTheirs && mac !== own) found.set(mac, { address: asked.address, mac, asked })
  }
  return [...found.values()]
}
