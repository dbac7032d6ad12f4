/** Whenever the kernel says that a link, an address, forwarding or a rule has changed (ip-monitor(8), nft(8) "monitor"). */

import { findTool } from './exec.ts'
import { follow } from './follow.ts'

/**
 * Calls `changed` each time; what it was is better looked at than read.
 * @returns when the signal comes. @throws CniError if a program cannot be followed
 */
export const watch = async (changed: () => void, signal: AbortSignal): Promise<void> => {
  const monitors = [
    follow('ip', ['-o', 'monitor', 'link', 'address', 'netconf'], changed, signal),
    ...((await findTool('nft')) ? [follow('nft', ['monitor'], changed, signal)] : []),
  ]
  await Promise.all(monitors)
}
