/** Values that are written as text, or as one of a few words. Pure. */

import { addressAt, parseAddress } from '../../../ipam/address.ts'
import type { Codec } from './codec.ts'

/** `10.22.0.2` in 4 bytes, `fd00::2` in 16. @throws AddressError */
export const ipAddress: Codec<string> = {
  encode: value => {
    const { family, value: number } = parseAddress(value)
    return Buffer.from(number.toString(16).padStart(family === 4 ? 8 : 32, '0'), 'hex')
  },
  decode: bytes => addressAt(bytes.length === 4 ? 4 : 6, BigInt(`0x${bytes.toString('hex')}`)).text,
}

/** Text without a zero byte at its end. */
export const chars: Codec<string> = {
  encode: value => Buffer.from(value),
  decode: bytes => bytes.toString().replace(/\0+$/, ''),
}

/** A number that has a name; one without a name is written as it is. @throws TypeError */
export const oneOf = (codec: Codec<number>, names: Readonly<Record<string, number>>): Codec<string> => ({
  encode: value => {
    const number = names[value] ?? Number(value)
    if (value === '' || !Number.isInteger(number))
      throw new TypeError(`'${value}' is none of ${Object.keys(names).join(', ')}`)
    return codec.encode(number)
  },
  decode: bytes => {
    const number = codec.decode(bytes)
    return Object.keys(names).find(name => names[name] === number) ?? String(number)
  },
})

export const onOff = (codec: Codec<number>): Codec<boolean> => ({
  encode: value => codec.encode(value ? 1 : 0),
  decode: bytes => codec.decode(bytes) !== 0,
})
