/** How we speak with the kernel: by netlink, which is fast, or by programs, which can be everywhere. */

import { CniError, codes } from '../../cni/errors.ts'

const modes = ['netlink', 'iproute2'] as const

/**
 * Whether netlink is to be tried; where it cannot be, the programs take over by themselves.
 * @throws CniError(badEnvironment) for an unknown VETHWORK_NETLINK
 */
export const wantsNetlink = (): boolean => {
  const wanted = process.env.VETHWORK_NETLINK
  if (!wanted || wanted === 'netlink') return true
  if (wanted === 'iproute2') return false
  throw new CniError(
    codes.badEnvironment,
    `VETHWORK_NETLINK '${wanted}' is unknown`,
    `set it to ${modes.join(' or ')}, or not at all`,
  )
}
