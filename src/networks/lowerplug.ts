/** A plug without a bridge: the container's interface is made on a physical one. */

import type { Desired } from '../plan/kinds/index.ts'
import type { Link } from '../plan/kinds/link.ts'
import { HOST } from '../plan/netns.ts'
import { plugMac } from './macs.ts'
import { hostVeth, plugAlias } from './marks.ts'
import type { Attachment, NetConf, Routed } from './network.ts'
import { inside } from './plug.ts'

type Device = Pick<Link, 'type' | 'details' | 'why'>

/** Nothing of it is on the host: it goes with the container's namespace, or by DEL while that is there. */
export const lowerPlug = (
  conf: NetConf,
  attachment: Attachment,
  lease: Routed,
  { type, details, why }: Device,
): Desired[] => {
  const { owner, netns, mac } = attachment
  if (!netns) return []
  const addresses = lease.addresses.map(({ address }) => address)
  // An ipvlan has its master's, and so has a macvlan that passes everything through.
  const hasOwnMac = type === 'macvlan' && conf.macvlanMode !== 'passthru'
  const own = hasOwnMac
    ? plugMac(hostVeth(owner), mac, addresses[0], conf.hostSeed)
    : type === 'vlan'
      ? mac
      : undefined
  return [
    {
      kind: 'link',
      scope: 'attachment',
      netns,
      name: owner.ifname,
      bornAs: conf.linkInContainer ? undefined : hostVeth(owner),
      type,
      lower: { netns: conf.linkInContainer ? netns : HOST, name: conf.master },
      details,
      alias: plugAlias(owner, addresses),
      settings: {
        mtu: conf.mtu || undefined,
        mac: own,
      },
      why,
    },
    ...inside(conf, attachment, lease, { mac: own }),
  ]
}
