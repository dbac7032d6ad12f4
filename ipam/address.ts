/**
 * IP addresses, strictly: the one door to ipaddr.js, which by itself reads '1' as 0.0.0.1 and '010' as 8. Pure.
 */
// biome-ignore lint/style/noRestrictedImports: this is the one door
import type * as Library from 'ipaddr.js'

export type Family = 4 | 6

export interface Address {
  readonly family: Family
  readonly value: bigint
  /** The one canonical spelling: dotted decimal, or RFC 5952. */
  readonly text: string
}

export interface Cidr {
  readonly address: Address
  readonly prefix: number
}

/** Its message is the reason alone ("has a leading zero"); callers put field and value before it. */
export class AddressError extends Error {
  override readonly name = 'AddressError'
}

/** Loaded for the first IPv6 address: evaluating it takes 0.6 ms, which a network without any need not wait for. */
const library = (): typeof Library => {
  // The bundler puts it in where it stands, to be evaluated when it is called.
  // biome-ignore lint/style/noRestrictedImports: this is the one door
  loaded ??= typeof Bun === 'undefined' ? requireOf(import.meta.url)('ipaddr.js') : require('ipaddr.js')
  return loaded!
}

let loaded: typeof Library | undefined

/** Node's own way to `require` in a module. */
const requireOf = (url: string) => process.getBuiltinModule('node:module').createRequire(url)

const bits = { 4: 32, 6: 128 } as const
const blockSize = 256n

/** @throws AddressError for whatever is not exactly one plain IPv4 or IPv6 address */
export const parseAddress = (text: string): Address =>
  text.includes(':') ? parseV6(text) : addressAt(4, parseV4(text))

const parseV4 = (text: string): bigint => {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) throw new AddressError('is not an IP address')
  const octets = text.split('.')
  if (octets.some(octet => /^0\d/.test(octet))) throw new AddressError('has a leading zero')
  if (octets.some(octet => Number(octet) > 255)) throw new AddressError('has a number above 255')
  // ipaddr.js would take 0.5 ms for its first IPv4 address, and there is nothing left to parse.
  return BigInt(octets.reduce((value, octet) => value * 256 + Number(octet), 0))
}

const parseV6 = (text: string): Address => {
  if (text.includes('%')) throw new AddressError('has a zone (%…), which means nothing to other machines')
  if (text.includes('.')) throw new AddressError('mixes IPv4 and IPv6 notation')
  if (!/^[0-9a-f:]+$/i.test(text) || /[0-9a-f]{5}/i.test(text) || !library().IPv6.isValid(text))
    throw new AddressError('is not an IP address')
  const parsed = library().IPv6.parse(text)
  if (parsed.isIPv4MappedAddress()) throw new AddressError('is an IPv4 address in IPv6 clothes')
  return addressAt(6, valueOfV6(parsed.parts))
}

const valueOfV6 = (parts: readonly number[]): bigint =>
  parts.reduce((value, part) => (value << 16n) | BigInt(part), 0n)

/** `10.1.2.3/24`, host bits allowed. @throws AddressError */
export const parseCidr = (text: string): Cidr => {
  const [address, prefix, ...rest] = text.split('/')
  if (prefix === undefined || rest.length > 0) throw new AddressError('is not of the form address/prefix')
  const parsed = parseAddress(address!)
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > bits[parsed.family])
    throw new AddressError(`has no prefix length from 0 to ${bits[parsed.family]}`)
  return { address: parsed, prefix: Number(prefix) }
}

export const addressAt = (family: Family, value: bigint): Address => ({
  family,
  value,
  text: family === 4 ? textOfV4(Number(value)) : new (library().IPv6)(partsOfV6(value)).toRFC5952String(),
})

const textOfV4 = (value: number): string =>
  [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.')

const partsOfV6 = (value: bigint): number[] =>
  Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn))

export const formatCidr = ({ address, prefix }: Cidr): string => `${address.text}/${prefix}`

/** Order for sorting: all of IPv4 before IPv6. */
export const compare = (a: Address, b: Address): number =>
  a.family - b.family || (a.value < b.value ? -1 : a.value > b.value ? 1 : 0)

const hostMask = ({ address, prefix }: Cidr): bigint => (1n << BigInt(bits[address.family] - prefix)) - 1n

/** The subnet's first address: the one without host bits. */
export const firstOf = (cidr: Cidr): Address =>
  addressAt(cidr.address.family, cidr.address.value & ~hostMask(cidr))

/** The subnet's last address: in IPv4 its broadcast address. */
export const lastOf = (cidr: Cidr): Address =>
  addressAt(cidr.address.family, cidr.address.value | hostMask(cidr))

export const contains = (cidr: Cidr, address: Address): boolean =>
  cidr.address.family === address.family &&
  (cidr.address.value ^ address.value) >> BigInt(bits[address.family] - cidr.prefix) === 0n

/** The address `steps` further on. */
export const next = ({ family, value }: Address, steps = 1n): Address => addressAt(family, value + steps)

/** First address of the block of 256 that holds this one; the block's name is its text. */
export const blockOf = ({ family, value }: Address): Address => addressAt(family, value - (value % blockSize))

/** Place within its block, 0 to 255. */
export const offsetOf = ({ value }: Address): number => Number(value % blockSize)

/**
 * The MAC address that goes with an address, as Docker chose it: 02:42 and the four bytes of the IPv4 address, so
 * that a reused address keeps its MAC and no neighbour cache is ever stale. IPv6 has too many bytes: 32 bits of hash.
 */
export const macOf = ({ family, value, text }: Address): string => {
  const tail = family === 4 ? Number(value) : fnv1a(text)
  const hex = tail.toString(16).padStart(8, '0')
  return `02:42:${hex.match(/../g)!.join(':')}`
}

/** 32 bits, unsigned (FNV-1a). Not for secrets. */
export const fnv1a = (text: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
