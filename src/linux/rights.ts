/** What this process may do (capabilities(7)). */

import { readFileSync } from 'node:fs'
import { CniError, codes } from '../../cni/errors.ts'

/** Bit numbers of <linux/capability.h>. */
const needed = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n } as const

/** @throws CniError(denied) that names what is missing */
export const refuseWithoutRights = (): void => {
  const [, hex = '0'] = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  const effective = BigInt(`0x${hex}`)
  const missing = Object.entries(needed).flatMap(([name, bit]) => ((effective >> bit) & 1n ? [] : [name]))
  if (missing.length)
    throw new CniError(
      codes.denied,
      `the process lacks ${missing.join(' and ')}`,
      'run it as root, as container runtimes do',
    )
}
