/** How large a packet may be, from the container to the bridge: the same everywhere. Pure. */

import type { Looked } from '../../../../cni/repair.ts'
import { isPlugOf, readNetworkAlias } from '../../../networks/marks.ts'
import { HOST } from '../../../plan/netns.ts'
import { at, type ObservedLink } from '../../../plan/observed.ts'
import type { Step } from '../../../plan/plan.ts'
import { ownerWords, shortId } from '../../words.ts'
import { type Finding, finding } from '../finding.ts'
import type { HostSeen } from '../host.ts'

/** What the kernel gives an interface when nobody says (ETH_DATA_LEN). */
const USUAL = 1500

export const sizes = ({ looked, links }: HostSeen): Finding[] => {
  const seen = looked.filter((one): one is Looked => 'described' in one)
  return [
    ...seen.filter(isUntuned(seen)).flatMap(inContainer),
    ...seen.flatMap(onCable),
    ...onBridges(seen, links),
  ]
}

/** No plugin of ours has set it on purpose. */
const isUntuned =
  (all: readonly Looked[]) =>
  ({ record }: Looked): boolean =>
    !all.some(
      one =>
        one.record.owner.containerId === record.owner.containerId &&
        one.record.owner.ifname === record.owner.ifname &&
        one.record.endpoint.originals?.settings?.mtu !== undefined,
    )

/** A plugin that is not ours may have set it: only who knows the whole chain can say. */
const inContainer = ({ record, described, observed }: Looked): Finding[] => {
  const { owner, netns } = record
  const cable = described.find(one => one.kind === 'link' && one.peer?.name === owner.ifname)
  if (cable?.kind !== 'link' || !netns) return []
  const inside = observed.links.get(at(netns.path as `/${string}`, owner.ifname))
  const outside = observed.links.get(at(HOST, cable.name))
  const wanted = cable.settings.mtu ?? USUAL
  // Where the cable has the same size it is the cable that is wrong, or what carries it.
  if (!inside || !outside || inside.mtu === wanted || inside.mtu === outside.mtu) return []
  return [
    finding('container-mtu-differs', {
      object: `${shortId(owner.containerId)} ${owner.ifname}`,
      what: `container ${ownerWords(owner)}: its interface has the MTU ${inside.mtu}, its network ${wanted}; unless a later plugin of its chain (tuning) set it`,
      fix: `nsenter --net=${netns.path} ip link set dev ${owner.ifname} mtu ${wanted}`,
    }),
  ]
}

/** Where no `mtu` is configured the cable has the usual one. */
const onCable = ({ record, described, observed }: Looked): Finding[] =>
  described.flatMap(one => {
    if (one.kind !== 'link' || one.type !== 'veth' || one.scope !== 'attachment' || one.settings.mtu)
      return []
    const link = observed.links.get(at(HOST, one.name))
    return link && link.mtu !== USUAL ? [changed(link, USUAL, `container ${ownerWords(record.owner)}`)] : []
  })

/** The bridge takes the smallest of its ports' by itself, until somebody sets it. */
const onBridges = (seen: readonly Looked[], links: readonly ObservedLink[]): Finding[] => {
  const described = seen.flatMap(one => one.described)
  const set = new Set(described.flatMap(one => (one.kind === 'link' && one.settings.mtu ? [one.name] : [])))
  return links.flatMap(bridge => {
    const network = readNetworkAlias(bridge.alias)
    if (bridge.type !== 'bridge' || network === undefined || set.has(bridge.name)) return []
    const ports = links.filter(({ master }) => master === bridge.name)
    const smallest = Math.min(...ports.map(({ mtu, alias }) => (isPlugOf(network, alias) ? USUAL : mtu)))
    const isItsOwn = bridge.mtu >= smallest || ports.some(({ mtu }) => mtu === bridge.mtu)
    return ports.length && !isItsOwn ? [changed(bridge, smallest, `network ${network}`)] : []
  })
}

const changed = ({ name, mtu }: ObservedLink, wanted: number, who: string): Finding => {
  const step: Step = {
    op: { op: 'link.set', netns: HOST, name, set: { mtu: wanted }, was: { mtu } },
    scope: 'network',
    why: 'the same for all that a packet passes',
  }
  return finding('mtu-changed', {
    object: name,
    what: `${who}: '${name}' has the MTU ${mtu}, not ${wanted}`,
    fix: `ip link set dev ${name} mtu ${wanted}`,
    mend: { steps: [step] },
  })
}
