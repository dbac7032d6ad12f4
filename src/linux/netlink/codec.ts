/**
 * Values as netlink carries them, described by tables: numbers, structs, and attributes (type, length, value) that
 * may hold attributes again. Names are the kernel's own. Pure. (netlink(7); the kernel's netlink/intro document)
 */

/** One value as bytes, and back. */
export interface Codec<T> {
  readonly encode: (value: T) => Buffer
  readonly decode: (bytes: Buffer) => T
  /** The attributes in it say so by a flag (NLA_F_NESTED). */
  readonly nested?: true
}

/** One that always takes the same number of bytes, and can stand among others. */
export interface Fixed<T> extends Codec<T> {
  readonly size: number
  readonly write: (value: T, into: Buffer, at: number) => void
  readonly read: (from: Buffer, at: number) => T
}

type Order = 'LE' | 'BE'

const fixed = <T>(size: number, write: Fixed<T>['write'], read: Fixed<T>['read']): Fixed<T> => ({
  size,
  write,
  read,
  encode: value => {
    const bytes = Buffer.alloc(size)
    write(value, bytes, 0)
    return bytes
  },
  decode: bytes => read(bytes, 0),
})

const unsigned = (size: number, order: Order): Fixed<number> =>
  order === 'LE'
    ? fixed(
        size,
        (value, into, at) => into.writeUIntLE(value, at, size),
        (from, at) => from.readUIntLE(at, size),
      )
    : fixed(
        size,
        (value, into, at) => into.writeUIntBE(value, at, size),
        (from, at) => from.readUIntBE(at, size),
      )

/** netlink's own numbers have the machine's order of bytes, and wherever Bun runs that is: the least one first. */
export const u8 = unsigned(1, 'LE')
export const u16 = unsigned(2, 'LE')
export const u32 = unsigned(4, 'LE')
/** The network's order: nf_tables, ports, protocols. */
export const be16 = unsigned(2, 'BE')
export const be32 = unsigned(4, 'BE')
export const i32: Fixed<number> = fixed(
  4,
  (value, into, at) => into.writeInt32LE(value | 0, at),
  (from, at) => from.readInt32LE(at),
)

/** Up to 2^53. */
export const u64: Fixed<number> = fixed(
  8,
  (value, into, at) => into.writeBigUInt64LE(BigInt(value), at),
  (from, at) => Number(from.readBigUInt64LE(at)),
)

/** Text that ends with a zero byte. */
export const text: Codec<string> = {
  encode: value => Buffer.from(`${value}\0`),
  decode: bytes => bytes.toString('utf8', 0, endOf(bytes)),
}

const endOf = (bytes: Buffer) => {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes.length : end
}

export const bytes: Codec<Buffer> = { encode: value => value, decode: value => value }

/** It is there, or not. */
export const flag: Codec<true> = { encode: () => Buffer.alloc(0), decode: () => true }

/** `02:42:0a:16:00:02`; other hardware has addresses of other lengths. */
export const hardwareAddress: Codec<string> = {
  encode: value => {
    if (!/^[0-9a-f]{2}(:[0-9a-f]{2})*$/i.test(value)) throw new TypeError(`${value} is no hardware address`)
    return Buffer.from(value.replaceAll(':', ''), 'hex')
  },
  decode: value => value.toString('hex').replace(/..(?=.)/g, '$&:'),
}

type Fields = Readonly<Record<string, Fixed<number>>>
export type Struct<F extends Fields> = Fixed<{ readonly [Name in keyof F]?: number }>

/** Fields one after the other, as C has them, with padding named; what is not given is 0. */
export const struct = <F extends Fields>(fields: F): Struct<F> => {
  let size = 0
  const places: [name: keyof F, field: Fixed<number>, at: number][] = []
  for (const name in fields) {
    places.push([name, fields[name]!, size])
    size += fields[name]!.size
  }
  type Value = { [Name in keyof F]?: number }
  return fixed<Value>(
    size,
    (value, into, start) => {
      for (const [name, field, at] of places) field.write(value[name] ?? 0, into, start + at)
    },
    (from, start) => {
      const value: Value = {}
      for (const [name, field, at] of places) value[name] = field.read(from, start + at)
      return value
    },
  )
}

/** An attribute's number, what it holds, and whether there may be several of it in a row. */
// biome-ignore lint/suspicious/noExplicitAny: the table itself says what it holds
type Attribute = readonly [type: number, codec: Codec<any>, many?: 'many']
export type Table = Readonly<Record<string, Attribute>>
export type Values<T extends Table> = {
  readonly [Name in keyof T]?: T[Name] extends readonly [number, Codec<infer Value>, 'many']
    ? readonly Value[]
    : T[Name] extends readonly [number, Codec<infer Value>]
      ? Value
      : never
}

/** <linux/netlink.h> */
const NLA_F_NESTED = 0x8000
const NLA_TYPE_MASK = 0x3fff
const NLA_HDRLEN = 4

/** Attributes by their names, in the order in which they are given; what the table does not know is passed by. */
export const attributes = <T extends Table>(table: T): Codec<Values<T>> => {
  const names: (string | undefined)[] = []
  for (const name in table) names[table[name]![0]] = name
  return {
    nested: true,
    encode: values => {
      const list: Buffer[] = []
      for (const name in values) {
        const [type, codec, many] = table[name] ?? []
        const value = values[name]
        if (!codec || value === undefined) continue
        for (const one of many ? (value as readonly unknown[]) : [value])
          list.push(attribute(codec.nested ? type! | NLA_F_NESTED : type!, codec.encode(one)))
      }
      return list.length === 1 ? list[0]! : Buffer.concat(list)
    },
    decode: given => {
      const values: Record<string, unknown> = {}
      for (const [type, payload] of attributesIn(given)) {
        const name = names[type]
        if (name === undefined) continue
        const [, codec, many] = table[name]!
        const value = codec.decode(payload)
        values[name] = many ? [...((values[name] as unknown[]) ?? []), value] : value
      }
      return values as Values<T>
    },
  }
}

const attribute = (type: number, payload: Buffer): Buffer => {
  const whole = Buffer.alloc(aligned(NLA_HDRLEN + payload.length))
  whole.writeUInt16LE(NLA_HDRLEN + payload.length, 0)
  whole.writeUInt16LE(type, 2)
  payload.copy(whole, NLA_HDRLEN)
  return whole
}

/** Type and payload of each; what is cut off at the end is left out. */
export const attributesIn = (given: Buffer): [type: number, payload: Buffer][] => {
  const found: [number, Buffer][] = []
  for (let at = 0; at + NLA_HDRLEN <= given.length; ) {
    const length = given.readUInt16LE(at)
    if (length < NLA_HDRLEN || at + length > given.length) break
    const type = given.readUInt16LE(at + 2) & NLA_TYPE_MASK
    found.push([type, given.subarray(at + NLA_HDRLEN, at + length)])
    at += aligned(length)
  }
  return found
}

/** Everything begins at a multiple of 4. */
export const aligned = (length: number) => (length + 3) & ~3
