/** Frames as nobody's kernel would send them. */

import type { Netns } from './netns.ts'

const send = `
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
for frame in sys.argv[2:]: s.send(bytes.fromhex(frame))`

/** @param frames hexadecimal, from the destination's MAC address on */
export const sendFrames = (at: Netns, ifname: string, ...frames: string[]) =>
  at.ok('/usr/bin/python3', ['-c', send, ifname, ...frames])

const hexOfMac = (mac: string) => mac.replaceAll(':', '')
const hexOfV4 = (address: string) =>
  address
    .split('.')
    .map(byte => Number(byte).toString(16).padStart(2, '0'))
    .join('')

/** 32 digits of an address as `fd00:44::2`. */
const hexOfV6 = (address: string) => {
  const [head = '', tail = ''] = address.split('::')
  const groups = (text: string) => text.split(':').filter(Boolean)
  const missing = 8 - groups(head).length - groups(tail).length
  return [...groups(head), ...Array(missing).fill('0'), ...groups(tail)]
    .map(group => group.padStart(4, '0'))
    .join('')
}

const EVERYBODY = 'ffffffffffff'

/** An ARP request or answer that says: `address` is at `mac` (RFC 826). */
export const arpFrame = (
  from: string,
  { operation, mac, address, target }: { operation: 1 | 2; mac: string; address: string; target: string },
) =>
  [
    EVERYBODY,
    hexOfMac(from),
    '0806',
    '0001',
    '0800',
    '0604',
    `000${operation}`,
    hexOfMac(mac),
    hexOfV4(address),
    '000000000000',
    hexOfV4(target),
  ].join('')

const sumOf = (hex: string) => {
  let sum = 0
  for (let at = 0; at < hex.length; at += 4) sum += Number.parseInt(hex.slice(at, at + 4).padEnd(4, '0'), 16)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return (~sum & 0xffff).toString(16).padStart(4, '0')
}

/**
 * An ICMPv6 message to all nodes.
 * @param body hexadecimal, what follows the checksum
 */
export const icmpv6Frame = (from: string, source: string, type: number, body: string, to = 'ff02::1') => {
  const [src, dst] = [hexOfV6(source), hexOfV6(to)]
  const message = `${type.toString(16).padStart(2, '0')}000000${body}`
  const length = (message.length / 2).toString(16)
  const pseudo = `${src}${dst}${length.padStart(8, '0')}0000003a`
  const summed = `${message.slice(0, 4)}${sumOf(pseudo + message)}${body}`
  return `333300000001${hexOfMac(from)}86dd60000000${length.padStart(4, '0')}3aff${src}${dst}${summed}`
}

/** Says: `target` is at `mac` (RFC 4861 section 4.4). */
export const advertisement = (from: string, source: string, target: string, mac = from) =>
  icmpv6Frame(from, source, 136, `20000000${hexOfV6(target)}0201${hexOfMac(mac)}`)

/** Says: I am a router (RFC 4861 section 4.2). */
export const routerAdvertisement = (from: string, source: string) =>
  icmpv6Frame(from, source, 134, '400007080000000000000000')

/** Asks whether somebody has `target`, from nobody (RFC 4862 section 5.4.2). */
export const probe = (from: string, target: string) =>
  icmpv6Frame(from, '::', 135, `00000000${hexOfV6(target)}`)
