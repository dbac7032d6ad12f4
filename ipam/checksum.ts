/** CRC-32 (as of zlib, Ethernet), in 8 hex digits: notices torn and hand-edited files, no more. Pure. */
export const crc32 = (text: string): string => {
  // Bun's own takes 0.01 ms for a full block; importing node:zlib would take 2 ms at every start.
  const sum = typeof Bun === 'undefined' ? bytewise(text) : Bun.hash.crc32(text)
  return sum.toString(16).padStart(8, '0')
}

const bytewise = (text: string): number => {
  let sum = 0xffffffff
  for (const byte of new TextEncoder().encode(text)) sum = (sum >>> 8) ^ table[(sum ^ byte) & 0xff]!
  return ~sum >>> 0
}

const table: readonly number[] =
  typeof Bun === 'undefined'
    ? Array.from({ length: 256 }, (_, byte) => {
        let entry = byte
        for (let bit = 0; bit < 8; bit++) entry = entry & 1 ? (entry >>> 1) ^ 0xedb88320 : entry >>> 1
        return entry
      })
    : []
