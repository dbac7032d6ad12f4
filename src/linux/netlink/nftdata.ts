/** Keys and values of nft sets and maps: nft(8)'s text, and the bytes that the kernel compares. Pure. */

import { aligned, be16, type Codec, hardwareAddress, text, u8, u32 } from './codec.ts'
import type { Data } from './headers/nf_tables.ts'
import { ipAddress, oneOf } from './values.ts'

/** One of nft's data types ("DATA TYPES" of nft(8)). */
interface DataType {
  /** The number that nft remembers with a set (NFTA_SET_KEY_TYPE; enum datatypes of its sources). */
  readonly number: number
  /** Bytes. */
  readonly size: number
  readonly codec: Codec<string>
}

/** protocols(5), as nft writes them. */
const protocols = { icmp: 1, tcp: 6, udp: 17, 'ipv6-icmp': 58, sctp: 132, udplite: 136 }

const IFNAMSIZ = 16

/** What is left of it is zero. */
const ifname: Codec<string> = {
  encode: value => {
    const name = text.encode(value.replace(/^"(.*)"$/, '$1'))
    if (name.length > IFNAMSIZ) throw new TypeError(`${value} is no interface name`)
    return Buffer.concat([name, Buffer.alloc(IFNAMSIZ)], IFNAMSIZ)
  },
  decode: text.decode,
}

const types: Readonly<Record<string, DataType>> = {
  ipv4_addr: { number: 7, size: 4, codec: ipAddress },
  ipv6_addr: { number: 8, size: 16, codec: ipAddress },
  ether_addr: { number: 9, size: 6, codec: hardwareAddress },
  inet_proto: { number: 12, size: 1, codec: oneOf(u8, protocols) },
  inet_service: { number: 13, size: 2, codec: oneOf(be16, {}) },
  mark: { number: 19, size: 4, codec: oneOf(u32, {}) },
  ifname: { number: 41, size: 16, codec: ifname },
}

/** nft packs the types of a concatenation into one number, 6 bits each. */
const TYPE_BITS = 6

/**
 * The types that such a number stands for, first part first.
 * @returns undefined if there is one among them that is not known here
 */
export const typesOf = (packed: number): DataType[] | undefined => {
  const numbers: number[] = []
  for (let rest = packed; rest > 0; rest = Math.floor(rest / 2 ** TYPE_BITS))
    numbers.unshift(rest % 2 ** TYPE_BITS)
  const found = numbers.map(one => Object.values(types).find(type => type.number === one))
  return numbers.length && found.every(type => type !== undefined) ? found : undefined
}

/** The types by their names, as in the text of a set: `inet_proto . inet_service`. @throws TypeError */
export const typesNamed = (spec: string): DataType[] =>
  spec.split(' . ').map(name => {
    const found = types[name]
    if (!found) throw new TypeError(`nft's type ${name} is not known here`)
    return found
  })

/** In a concatenation each part begins at a multiple of 4 bytes. */
const width = ({ size }: DataType, parts: readonly DataType[]) => (parts.length > 1 ? aligned(size) : size)

/** `tcp . 80` as bytes. @throws TypeError if it is not of these types */
export const encodeValue = (parts: readonly DataType[], value: string): Buffer => {
  const words = value.split(' . ')
  if (words.length !== parts.length) throw new TypeError(`'${value}' does not have ${parts.length} parts`)
  return Buffer.concat(
    parts.map((part, n) => {
      const encoded = part.codec.encode(words[n]!)
      if (encoded.length !== part.size) throw new TypeError(`'${words[n]}' does not have ${part.size} bytes`)
      return Buffer.concat([encoded, Buffer.alloc(4)], width(part, parts))
    }),
  )
}

export const decodeValue = (parts: readonly DataType[], value: Buffer): string => {
  let at = 0
  const words = parts.map(part => {
    at += width(part, parts)
    const begin = at - width(part, parts)
    return part.codec.decode(value.subarray(begin, begin + part.size))
  })
  return words.join(' . ')
}

/** <linux/netfilter/nf_tables.h>, <linux/netfilter.h> */
const verdicts: Readonly<Record<string, number>> = {
  drop: 0,
  accept: 1,
  continue: -1,
  return: -5,
  jump: -3,
  goto: -4,
}

/** `drop`, `jump CHAIN`. @throws TypeError */
export const encodeVerdict = (value: string): Data => {
  const [word = '', chain] = value.split(' ')
  const code = verdicts[word]
  if (code === undefined) throw new TypeError(`'${value}' is no verdict`)
  return { NFTA_DATA_VERDICT: { NFTA_VERDICT_CODE: code >>> 0, NFTA_VERDICT_CHAIN: chain } }
}

export const decodeVerdict = ({ NFTA_DATA_VERDICT: verdict = {} }: Data): string => {
  const { NFTA_VERDICT_CODE: code = 0, NFTA_VERDICT_CHAIN: chain } = verdict
  const word = Object.keys(verdicts).find(name => verdicts[name]! >>> 0 === code) ?? String(code)
  return chain === undefined ? word : `${word} ${chain}`
}

/** The comment is the first of the things that nft keeps in an object's user data: type, length, value. */
const COMMENT = 0
/** NFTNL_UDATA_COMMENT_MAXLEN of libnftnl: bytes, without the zero at its end. */
const LONGEST = 128

export const encodeComment = (comment: string): Buffer => {
  const value = text.encode(comment)
  if (value.length > LONGEST + 1) throw new TypeError(`a comment has at most ${LONGEST} bytes`)
  return Buffer.concat([Buffer.from([COMMENT, value.length]), value])
}

export const decodeComment = (userdata: Buffer): string => {
  for (let at = 0; at + 2 <= userdata.length; at += 2 + userdata[at + 1]!)
    if (userdata[at] === COMMENT) return text.decode(userdata.subarray(at + 2, at + 2 + userdata[at + 1]!))
  return ''
}
