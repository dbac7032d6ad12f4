/** Addresses as the kernel's tools write them, `10.22.0.2/24`: what descriptions and plans ask of them. Pure. */

import {
  addressAt,
  contains,
  type Family,
  firstOf,
  formatCidr,
  macOf as macOfAddress,
  next,
  parseAddress,
  parseCidr,
} from './address.ts'

/** Of an address or a subnet, with or without a prefix length. */
export const familyOf = (text: string): Family => (text.includes(':') ? 6 : 4)

export const prefixOf = (text: string): number => parseCidr(text).prefix

/** The subnet an address is in: of `10.22.0.2/24`, `10.22.0.0/24`. */
export const networkOf = (text: string): string => {
  const cidr = parseCidr(text)
  return formatCidr({ address: firstOf(cidr), prefix: cidr.prefix })
}

/** A subnet's first usable address, the gateway by convention: of `10.22.0.2/24`, `10.22.0.1`. */
export const firstAddressOf = (text: string): string => next(firstOf(parseCidr(text))).text

/** Whether the subnets of two addresses have addresses in common. */
export const overlaps = (a: string, b: string): boolean => {
  const [one, other] = [parseCidr(a), parseCidr(b)]
  return contains(one, other.address) || contains(other, one.address)
}

/** The MAC address that goes with an address, whoever has it: `02:42:0a:16:00:02`. */
export const macOf = (address: string): string => macOfAddress(parseAddress(address))

/** The address that an interface makes of its MAC address (modified EUI-64, RFC 4291 appendix A). */
export const linkLocalOf = (mac: string): string => {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac.split(':').map(byte => Number.parseInt(byte, 16))
  const first = ((a ^ 2) << 8) | b
  const rest = [(c << 8) | 0xff, 0xfe00 | d, (e << 8) | f]
  // As RFC 5952 spells it: the `::` takes in a first group of zeros, and no other can be all of them.
  return `fe80::${(first ? [first, ...rest] : rest).map(group => group.toString(16)).join(':')}`
}

/** The multicast address by which an IPv6 address is asked for (RFC 4291 section 2.7.1). */
export const solicitedNodeOf = (address: string): string =>
  addressAt(6, (0xff0200000000000000000001ffn << 24n) | (parseAddress(address).value & 0xffffffn)).text

/** All bits of an address as one number: `0xfd000044000000000000000000000002`. */
export const hexOf = (address: string): string => {
  const { family, value } = parseAddress(address)
  return `0x${value.toString(16).padStart(family === 4 ? 8 : 32, '0')}`
}

/** Without its prefix length. */
export const hostOf = (text: string): string => text.split('/')[0]!

/** As /proc/net writes it (proc(5)): 8 or 32 hexadecimal digits, every 4 bytes in the machine's order, here little-endian. */
export const hexAddress = (hex: string): string => {
  const bytes = (hex.match(/.{8}/g) ?? []).map(word => word.match(/../g)!.reverse().join('')).join('')
  return addressAt(hex.length > 8 ? 6 : 4, BigInt(`0x${bytes}`)).text
}
