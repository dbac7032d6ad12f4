/** In place of ipam/checksum.ts. */

import { host } from './host.ts'

export const crc32 = (text: string): string => {
  const bytes = Buffer.from(text)
  return host.crc32(bytes, bytes.length).toString(16).padStart(8, '0')
}
