/**
 * A short name for a long one: the first `length` digits, in base 36, of the 64-bit FNV-1a hash.
 * Not for secrets; node:crypto would cost more at the start than all else that is loaded.
 */
export const fingerprint = (text: string, length = 8): string =>
  hashOf(text).toString(36).padStart(13, '0').slice(-length)

/** 64 bits; those of similar texts are similar. In halves of 32 bits, for a bigint a byte is ten times as slow. */
const hashOf = (text: string): bigint => {
  let [high, low] = [0xcbf29ce4, 0x84222325]
  for (const byte of new TextEncoder().encode(text)) {
    // Times 2^40 + 0x1b3: the first is a shift by 8 into the upper half.
    const mixed = (low ^ byte) >>> 0
    const product = mixed * 0x1b3
    high = (Math.imul(high, 0x1b3) + (mixed << 8) + Math.floor(product / 2 ** 32)) >>> 0
    low = product >>> 0
  }
  return (BigInt(high) << 32n) | BigInt(low)
}

/** The same number of bytes for every text, at most 8; each depends on all of the text (the finalizer of MurmurHash3). */
export const hashBytes = (text: string, count: number): number[] => {
  let hash = hashOf(text)
  for (const factor of [0xff51afd7ed558ccdn, 0xc4ceb9fe1a85ec53n])
    hash = BigInt.asUintN(64, (hash ^ (hash >> 33n)) * factor)
  hash ^= hash >> 33n
  return Array.from({ length: count }, (_, n) => Number((hash >> BigInt(8 * n)) & 0xffn))
}
