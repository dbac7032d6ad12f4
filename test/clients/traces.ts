import { settled } from '../helpers/difference.ts'
import type { Machine } from '../helpers/machine.ts'
import { isReference } from '../helpers/plugins.ts'
import { mentions, snapshot } from '../helpers/snapshot.ts'

// The reference leaks its masquerade rules when DEL comes without a namespace, and neighbours age by themselves.
const tolerated = isReference ? /^. (neighbours|iptables|nft): / : /^. neighbours: .*"learned"/

/** Everything on the host's network as it is now; `left` says what is different later. */
export const remember = async (machine: Machine) => {
  const before = await snapshot(machine.network)
  return { left: () => settled(before, () => snapshot(machine.network), { except: tolerated }) }
}

/** Where a container is still remembered: leases not released. The cache of results is libcni's own. */
export const leases = (machine: Machine, containerId: string): string[] =>
  [machine.stateDir, '/var/lib/cni/networks'].flatMap(directory =>
    mentions(machine.there(directory), containerId).map(path => `${directory}/${path}`),
  )
