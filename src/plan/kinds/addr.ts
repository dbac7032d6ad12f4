/** Addresses of interfaces (ip-address(8)). */

import { CniError, codes } from '../../../cni/errors.ts'
import { familyOf, overlaps } from '../../../ipam/cidr.ts'
import type { Netns } from '../netns.ts'
import { at } from '../observed.ts'
import type { Common, Kind } from './kind.ts'
import type { LinkOp } from './link.ts'

export interface Addr extends Common {
  readonly kind: 'addr'
  readonly dev: string
  /** `10.22.0.2/24` */
  readonly address: string
  /** Use an IPv6 address at once, without duplicate address detection (pain 15). */
  readonly nodad: boolean
  /**
   * What to do about an address of somebody else in the way (on a bridge: any other IPv4
   * address, an IPv6 address of an overlapping subnet); `others` are our own.
   */
  readonly rival?: { readonly then: 'refuse' | 'replace'; readonly others: readonly string[] }
}

export interface AddrOp {
  readonly op: 'addr.add' | 'addr.del'
  readonly netns: Netns
  readonly dev: string
  readonly address: string
  readonly nodad: boolean
  /** Of an address that was there before, its own: instead of ours. */
  readonly words?: string
}

export const addr: Kind<Addr, AddrOp, LinkOp> = {
  ensure(desired, observed) {
    const { netns, dev, address, nodad, rival } = desired
    const link = observed.links.get(at(netns, dev))
    const found = link?.addresses ?? []
    if (found.some(one => one.address === address)) return []
    const inTheWay = rival
      ? found.filter(one => one.scope === 'global' && isRival(address, one.address, rival.others))
      : []
    if (rival?.then === 'refuse' && inTheWay[0])
      throw new CniError(
        codes.foreign,
        `the bridge '${dev}' has the address ${inTheWay[0].address}, not ${address}`,
        "delete that address, choose another bridge, or set 'forceAddress' to have it replaced",
      )
    return [
      // Else the address would change its MAC with every port that comes and goes.
      ...(rival && link
        ? [{ op: 'link.set' as const, netns, name: dev, set: { mac: link.mac }, was: {} }]
        : []),
      ...inTheWay.map(one => ({ op: 'addr.del' as const, netns, dev, address: one.address, nodad })),
      { op: 'addr.add', netns, dev, address, nodad },
    ]
  },
  // An address goes with its link.
  remove: () => [],
  tool: () => 'ip',
  line: ({ op, dev, address, nodad, words = broadcastOf(address) }) =>
    op === 'addr.add'
      ? `addr add ${address} dev ${dev}${words && ` ${words}`}${nodad && familyOf(address) === 6 ? ' nodad' : ''}`
      : `addr del ${address} dev ${dev}`,
  words: ({ op, dev, address }) =>
    op === 'addr.add' ? `give ${dev} the address ${address}` : `take the address ${address} from ${dev}`,
  undo: op => [{ ...op, op: op.op === 'addr.add' ? 'addr.del' : 'addr.add' }],
}

const isRival = (wanted: string, found: string, others: readonly string[]) =>
  familyOf(wanted) === familyOf(found) &&
  !others.includes(found) &&
  (familyOf(wanted) === 4 || overlaps(wanted, found))

const broadcastOf = (address: string) => (familyOf(address) === 4 && !/\/3[12]$/.test(address) ? 'brd +' : '')
