/** Where an nft object is, and whether it is there. Pure. */

import { NetlinkError } from './errno.ts'
import { NFPROTO } from './headers/nf_tables.ts'

/** `inet vethwork`, taken apart. */
export const placeOf = (name: string) => {
  const [family = '', table = ''] = name.split(' ')
  return { nfgen_family: NFPROTO[family] ?? 0, table }
}

export const ENOENT = 2

/** Undefined for what is not there. */
export const ifThere = <T>(look: () => T): T | undefined => {
  try {
    return look()
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === ENOENT) return undefined
    throw error
  }
}
