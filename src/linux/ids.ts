/** IDs that are chosen out of a range: once for each network's name, and remembered. */

import { CniError, codes } from '../../cni/errors.ts'
import { fnv1a } from '../../ipam/address.ts'
import { openDirectory } from '../../ipam/file.ts'
import { withLock } from '../../ipam/lock.ts'
import { hostLock, stateDir } from './state.ts'

interface Ids {
  vlanId: Record<string, number>
  vni: Record<string, number>
}

const limits = { vlanId: 4094, vni: 16777215 } as const

/**
 * The same name leads to the same ID on every host, as long as no other network of this host has it:
 * it is where the name's hash points to, or the next that is free.
 * @param range `3001-4000`
 * @param dryRun say which it would be
 */
export const chosenId = (what: keyof Ids, network: string, range: string, dryRun: boolean): Promise<number> =>
  withLock(hostLock(), () => {
    const [from = 0, to = 0] = range.split('-').map(Number)
    if (from < 1 || to > limits[what] || to < from)
      throw new CniError(
        codes.badConfig,
        `${what}Range: "${range}" is not within 1-${limits[what]}`,
        'write it as 3001-4000',
      )
    const stored = openDirectory(stateDir(), {}).open<Ids>('ids.json', { vlanId: {}, vni: {} })
    const chosen = stored.data[what]
    const before = chosen[network]
    if (before !== undefined && before >= from && before <= to) return before
    const size = to - from + 1
    const taken = new Set(Object.values(chosen))
    for (let n = 0; n < size; n++) {
      const id = from + ((fnv1a(network) + n) % size)
      if (taken.has(id)) continue
      chosen[network] = id
      if (!dryRun) stored.write()
      return id
    }
    throw new CniError(codes.poolExhausted, `${what}Range: "${range}" has no free ID`, 'widen it')
  })

/** The network is gone: its ID may be another's. With the host's lock held. */
export const forgetIds = (network: string): void => {
  const stored = openDirectory(stateDir(), {}).open<Ids>('ids.json', { vlanId: {}, vni: {} })
  const { vlanId, vni } = stored.data
  if (vlanId[network] === undefined && vni[network] === undefined) return
  delete vlanId[network]
  delete vni[network]
  stored.write()
}
