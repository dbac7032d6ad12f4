/** Which addresses are asked for on the wire: those on which somebody can be whom we do not know. Pure. */

import { hostOf } from '../../../ipam/cidr.ts'
import type { Asked } from '../../linux/arp.ts'
import type { AttachmentSeen } from '../../linux/attachments.ts'
import { readPlugAlias } from '../../networks/marks.ts'
import type { Netns } from '../../plan/netns.ts'
import { at, type ObservedLink } from '../../plan/observed.ts'
import type { HostSeen } from './host.ts'

/** A question goes to all ports of a bridge: of a crowd, so many copies in all, for its newest containers. */
const COPIES = 1000

/** Containers' IPv4 addresses, each asked for by the container's own interface. */
export const askable = (
  attachments: readonly AttachmentSeen[],
  looked: HostSeen['looked'],
  links: readonly ObservedLink[],
): Asked[] => {
  const ports = new Map<string, ObservedLink[]>()
  for (const link of links) if (link.master) ports.set(link.master, [...(ports.get(link.master) ?? []), link])
  const hasStrangers = (bridge: string) =>
    (ports.get(bridge) ?? []).some(({ alias }) => !readPlugAlias(alias))
  const left = new Map<string, number>()
  return attachments
    .toReversed()
    .filter(({ life, bridge }) => life !== 'gone' && (bridge === undefined || hasStrangers(bridge)))
    .flatMap(one => {
      const place = one.bridge ?? one.owner.network
      const room = left.get(place) ?? COPIES
      const asked = room > 0 ? addressesOf(one, looked) : []
      left.set(place, room - asked.length * (ports.get(place)?.length ?? 1))
      return asked
    })
}

const addressesOf = ({ owner, netns, records }: AttachmentSeen, looked: HostSeen['looked']): Asked[] => {
  const one = looked.find(({ record }) => records.includes(record))
  if (!netns || !one || 'failure' in one) return []
  const link = one.observed.links.get(at(netns as Netns, owner.ifname))
  if (!link?.up) return []
  return link.addresses
    .filter(({ address, scope }) => scope === 'global' && !address.includes(':'))
    .map(({ address }) => ({
      netns: netns as Netns,
      index: link.index,
      mac: link.mac,
      address: hostOf(address),
    }))
}
