/** In place of ipam/checksum.ts. */

import { host } from './host.ts'

export const crc32 = (text: string): string => host.crc32(Buffer.from(text)).toString(16).padStart(8, '0')
