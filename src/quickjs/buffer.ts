/** Node's Buffer as far as a CNI call needs it: what netlink messages and state files are made of. */

import { host } from './host.ts'

// @ts-expect-error Node's from() takes text, that of Uint8Array does not
export class Buffer extends Uint8Array {
  static alloc(size: number, fill: string | number = 0): Buffer {
    const code = typeof fill === 'string' ? fill.charCodeAt(0) : fill
    return code ? new Buffer(size).fill(code) : new Buffer(size)
  }

  static allocUnsafe(size: number): Buffer {
    return new Buffer(size)
  }

  static override from(
    from: string | ArrayLike<number> | ArrayBuffer,
    encoding: 'utf8' | 'hex' = 'utf8',
  ): Buffer {
    if (from instanceof ArrayBuffer) return new Buffer(from)
    if (typeof from !== 'string') {
      const copy = new Buffer(from.length)
      copy.set(from)
      return copy
    }
    if (encoding === 'utf8') return new Buffer(host.bytes(from.isWellFormed() ? from : from.toWellFormed()))
    const bytes = new Buffer(from.length >> 1)
    for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(from.slice(2 * at, 2 * at + 2), 16)
    return bytes
  }

  /** @param length of the whole: what is longer is cut off, what is shorter filled with zeros */
  static concat(
    parts: readonly Uint8Array[],
    length = parts.reduce((sum, { length }) => sum + length, 0),
  ): Buffer {
    const whole = new Buffer(length)
    let at = 0
    for (const part of parts) {
      whole.set(at + part.length > length ? part.subarray(0, length - at) : part, at)
      at = Math.min(at + part.length, length)
    }
    return whole
  }

  override subarray(from?: number, to?: number): Buffer {
    return super.subarray(from, to) as Buffer
  }

  override fill(byte: number): this {
    super.fill(byte)
    return this
  }

  /** Of a byte, or of several in a row. */
  override includes(wanted: number | string | Uint8Array): boolean {
    if (typeof wanted === 'number') return super.includes(wanted)
    const row = typeof wanted === 'string' ? Buffer.from(wanted) : wanted
    for (let at = this.indexOf(row[0]!); at >= 0; at = this.indexOf(row[0]!, at + 1))
      if (row.every((byte, n) => byte === this[at + n])) return true
    return false
  }

  override toString(encoding: 'utf8' | 'hex' = 'utf8', from = 0, to = this.length): string {
    if (encoding === 'utf8') return host.text(this, from, to)
    let digits = ''
    for (let at = from; at < to; at++) digits += HEX[this[at]!]
    return digits
  }

  copy(into: Uint8Array, at = 0): number {
    into.set(this, at)
    return this.length
  }

  /** @throws RangeError for a number that does not fit, or a place that is not there; so do all of these */
  writeUIntLE(value: number, at: number, size: number): number {
    this.#fits(value, at, size)
    for (let n = 0, left = value; n < size; n++, left = Math.floor(left / 256)) this[at + n] = left
    return at + size
  }

  writeUIntBE(value: number, at: number, size: number): number {
    this.#fits(value, at, size)
    for (let n = size - 1, left = value; n >= 0; n--, left = Math.floor(left / 256)) this[at + n] = left
    return at + size
  }

  readUIntLE(at: number, size: number): number {
    this.#fits(0, at, size)
    let value = 0
    for (let n = size - 1; n >= 0; n--) value = value * 256 + this[at + n]!
    return value
  }

  readUIntBE(at: number, size: number): number {
    this.#fits(0, at, size)
    let value = 0
    for (let n = 0; n < size; n++) value = value * 256 + this[at + n]!
    return value
  }

  #fits(value: number, at: number, size: number): void {
    if (at < 0 || at + size > this.length) throw new RangeError(`there are no ${size} bytes at ${at}`)
    if (value < 0 || value >= 256 ** size) throw new RangeError(`${value} does not fit into ${size} bytes`)
  }

  writeUInt16LE(value: number, at: number): number {
    return this.writeUIntLE(value, at, 2)
  }

  writeUInt16BE(value: number, at: number): number {
    return this.writeUIntBE(value, at, 2)
  }

  writeUInt32BE(value: number, at: number): number {
    return this.writeUIntBE(value, at, 4)
  }

  writeInt32LE(value: number, at: number): number {
    return this.writeUIntLE(value >>> 0, at, 4)
  }

  writeBigUInt64LE(value: bigint, at = 0): number {
    this.#view().setBigUint64(at, value, true)
    return at + 8
  }

  readUInt16LE(at: number): number {
    return this.readUIntLE(at, 2)
  }

  readUInt32LE(at: number): number {
    return this.readUIntLE(at, 4)
  }

  readInt32LE(at: number): number {
    return this.readUIntLE(at, 4) | 0
  }

  readBigUInt64LE(at = 0): bigint {
    return this.#view().getBigUint64(at, true)
  }

  #view() {
    return new DataView(this.buffer, this.byteOffset, this.length)
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
