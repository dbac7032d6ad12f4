/**
 * A short name for a long one: the first `length` digits, in base 36, of the 64-bit FNV-1a hash.
 * Not for secrets; node:crypto would cost more at the start than all else that is loaded.
 */
export const fingerprint = (text: string, length = 8): string => {
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(text))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash.toString(36).padStart(13, '0').slice(-length)
}
