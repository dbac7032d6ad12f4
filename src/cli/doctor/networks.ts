/** What the descriptions of a network's containers say of the network itself. Pure. */

import type { Looked } from '../../../cni/repair.ts'
import { networkOf } from '../../../ipam/cidr.ts'
import type { Link } from '../../plan/kinds/link.ts'
import { HOST } from '../../plan/netns.ts'
import type { HostSeen } from './host.ts'

export interface NetworkKnown {
  readonly name: string
  readonly bridge?: string
  /** By which the host itself is in it: the bridge, or its leg in a VLAN; undefined if the host is not its router. */
  readonly gatewayDev?: string
  readonly subnets: readonly string[]
  /** Families that the host must forward. */
  readonly forwards: readonly (4 | 6)[]
  /** Its devices that lead to other hosts. */
  readonly ways: readonly Link[]
  /** The interfaces of the host below those, or taken by the bridge. */
  readonly masters: readonly string[]
}

/** As the last container of each was added. */
export const networksOf = ({ looked }: Pick<HostSeen, 'looked'>): NetworkKnown[] => {
  const seen = looked.filter((one): one is Looked => 'described' in one)
  return [...new Map(seen.map(one => [one.record.owner.network, one])).values()].map(networkIn)
}

const networkIn = ({ record, described }: Looked): NetworkKnown => {
  const shared = described.filter(({ scope, netns }) => scope === 'network' && netns === HOST)
  const links = shared.flatMap(one => (one.kind === 'link' ? [one] : []))
  const gateways = shared.flatMap(one => (one.kind === 'addr' ? [one] : []))
  const bridge = links.find(({ type }) => type === 'bridge')?.name
  const ways = links.filter(({ settings, type }) => type !== 'given' && settings.master !== undefined)
  const taken = shared.flatMap(one => (one.kind === 'takeover' ? [one.dev] : []))
  return {
    name: record.owner.network,
    bridge,
    gatewayDev: gateways[0]?.dev,
    subnets: [...new Set(gateways.map(({ address }) => networkOf(address)))],
    forwards: shared.flatMap(one => (one.kind === 'forwarding' ? [one.family] : [])),
    ways,
    masters: [...new Set([...ways.flatMap(({ lower }) => lower?.name ?? []), ...taken])],
  }
}
