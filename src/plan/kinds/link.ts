/** Links: bridges, veth pairs and what is set on an interface (ip-link(8)). */

import { CniError, codes } from '../../../cni/errors.ts'
import type { Netns } from '../netns.ts'
import { at, type ObservedLink } from '../observed.ts'
import type { Common, Kind } from './kind.ts'
import { enforced, isOurs, isUnmarked, isUplink, notOurs, refuseForeign } from './linkowner.ts'
import { born, type Details, detail, type Settings, set, settingsOf } from './linkwords.ts'
import type { SysctlOp } from './sysctl.ts'

interface End {
  readonly netns: Netns
  readonly name: string
  readonly settings: Settings
}

export interface Link extends Common, End {
  readonly kind: 'link'
  /** `given` is there without us, as `lo` is. */
  readonly type:
    | 'bridge'
    | 'veth'
    | 'vlan'
    | 'vxlan'
    | 'gretap'
    | 'ip6gretap'
    | 'macvlan'
    | 'ipvlan'
    | 'ifb'
    | 'given'
  /** The device it is made on, and where that is: the link itself may be born in another namespace. */
  readonly lower?: { readonly netns: Netns; readonly name: string }
  /** What only its type has, under the names of `ip -j -d` (linkinfo.info_data); never changed afterwards. */
  readonly details?: Details
  /**
   * The name under which it is made where its lower device is, if that is another namespace: there
   * its own name may be taken, for the kernel makes it there first.
   */
  readonly bornAs?: string
  /** Of a `given` link that outlives the attachment: what is set back when that goes. */
  readonly before?: Settings
  /** Our mark: whose the link is, in words (ifalias). */
  readonly alias?: string
  /** The other end of a veth: born in its namespace under its final name. */
  readonly peer?: End
  /** Born without an IPv6 link-local address of its own; if somebody gives it one later, that harms nobody. */
  readonly addrgenmode?: 'none'
}

type Place = Pick<End, 'netns' | 'name'>
export type LinkOp =
  | ({ readonly op: 'link.add'; readonly link: Link } & Place)
  | ({ readonly op: 'link.alias'; readonly alias: string } & Place)
  | ({ readonly op: 'link.rename'; readonly to: string } & Place)
  | ({ readonly op: 'link.set'; readonly set: Settings; readonly was: Settings } & Place)
  | ({ readonly op: 'link.del'; readonly type: string } & Place)

export const link: Kind<Link, LinkOp, SysctlOp> = {
  ensure(desired, observed) {
    const found = observed.links.get(at(desired.netns, desired.name))
    if (desired.type === 'given') return changes(desired, found ? settingsOf(found) : {})
    if (!found) return create(desired)
    refuseForeign(desired, found)
    const other = differing(desired, found)
    if (other.length) return replace(desired, found, other)
    if (isUplink(desired) && !isOurs(desired, found)) throw notOurs(desired)
    const { peer } = desired
    if (!peer) return [...marks(desired, found), ...changes(enforced(desired, found), settingsOf(found))]
    const peerFound = observed.links.get(at(peer.netns, peer.name))
    // An end that was moved or renamed cannot be found again: make the pair anew.
    if (!peerFound) return [remove(desired), ...create(desired)]
    return [...changes(desired, settingsOf(found)), ...changes(peer, settingsOf(peerFound))]
  },

  remove(desired, observed) {
    const found = observed.links.get(at(desired.netns, desired.name))
    if (found && desired.before) return changes({ ...desired, settings: desired.before }, settingsOf(found))
    return found && isOurs(desired, found) ? [remove(desired)] : []
  },

  tool: () => 'ip',

  line(op) {
    switch (op.op) {
      case 'link.add': {
        const { netns, type, lower, details = {}, peer } = op.link
        const end = [
          ...(lower && type !== 'vxlan' ? ['link', lower.name] : []),
          ...(netns === op.netns ? [] : ['netns', netns]),
          'type',
          type,
          // A vxlan keeps it as a property of its own (ip-link(8)): on it the group is joined.
          ...(lower && type === 'vxlan' ? ['dev', lower.name] : []),
          ...Object.entries(details).flatMap(([name, value]) => detail(name, value)),
          ...(peer ? ['peer', 'name', peer.name, ...born(peer.settings), 'netns', peer.netns] : []),
        ]
        return ['link add dev', op.name, ...born(op.link.settings), ...end].join(' ')
      }
      case 'link.rename':
        return `link set dev ${op.name} name ${op.to}`
      case 'link.alias':
        return `link set dev ${op.name} alias "${op.alias}"`
      case 'link.set':
        return ['link set dev', op.name, ...set(op.set)].join(' ')
      case 'link.del':
        return `link del dev ${op.name}`
    }
  },

  words(op) {
    switch (op.op) {
      case 'link.add':
        return op.link.peer
          ? `create the veth pair ${op.name} (host) and ${op.link.peer.name} (container)`
          : `create the ${op.link.type} ${op.name}`
      case 'link.rename':
        return `call ${op.name} ${op.to}, as it is to be called`
      case 'link.alias':
        return `mark ${op.name} as ours`
      case 'link.set':
        return `set ${op.name} ${set(op.set).join(' ')}`
      case 'link.del':
        return `delete the ${op.type} ${op.name}`
    }
  },

  undo(op) {
    if (op.op === 'link.add') return [remove({ ...op.link, name: op.name })]
    // Before Linux 6.2 only what is down can be renamed.
    if (op.op === 'link.rename') {
      const { netns, name, to } = op
      return [
        { op: 'link.set', netns, name: to, set: { up: false }, was: {} },
        { ...op, name: to, to: name },
      ]
    }
    if (op.op === 'link.set' && Object.keys(op.was).length) return [{ ...op, set: op.was, was: {} }]
    return []
  },
}

const marks = ({ netns, name, alias, ...rest }: Link, found: ObservedLink): LinkOp[] =>
  alias && isUnmarked({ netns, name, alias, ...rest }, found)
    ? [{ op: 'link.alias', netns, name, alias }]
    : []

/** Names of the details in which it is not as it must be. */
const differing = ({ lower, details = {} }: Link, found: ObservedLink) => [
  ...Object.keys(details).filter(name => details[name] !== found.details[name]),
  // Seen from another namespace, a lower device has no name.
  ...(lower && found.lower && found.lower !== lower.name ? ['link'] : []),
]

/** One attachment's own is made anew; what others share is not ours to break. */
const replace = (desired: Link, found: ObservedLink, other: readonly string[]): (LinkOp | SysctlOp)[] => {
  if (desired.scope === 'attachment') return [remove(desired), ...create(desired)]
  const facts = other.map(
    name =>
      `${name} ${found.details[name] ?? found.lower}, not ${desired.details?.[name] ?? desired.lower?.name}`,
  )
  throw new CniError(
    codes.foreign,
    `the ${desired.type} '${desired.name}' exists with ${facts.join(' and ')}`,
    isOurs(desired, found)
      ? 'its configuration was changed: DEL its containers and run `vethwork prune`, or use another name'
      : 'it is not ours: delete it, or use another name',
  )
}

const create = (desired: Link): (LinkOp | SysctlOp)[] => {
  const { netns, name, alias, settings, addrgenmode } = desired
  const { promisc = false, hairpin = false, isolated = false, vlanFiltering = false } = settings
  return [
    { op: 'link.add', netns: desired.lower?.netns ?? netns, name: desired.bornAs ?? name, link: desired },
    ...(desired.bornAs ? [{ op: 'link.rename' as const, netns, name: desired.bornAs, to: name }] : []),
    // The kernel stores no alias while it creates a link.
    ...(alias ? [{ op: 'link.alias' as const, netns, name, alias }] : []),
    // All else was set at birth; nothing of it needs undoing, for the link itself will go.
    ...changes(
      { netns, name, settings: { promisc, hairpin, isolated, vlanFiltering } },
      { promisc: false, hairpin: false, isolated: false, vlanFiltering: false },
    ).map(op => ({ ...op, was: {} })),
    ...(addrgenmode ? [withoutLinkLocal(netns, name)] : []),
  ]
}

/** `addrgenmode none` of ip-link(8), but a kernel without IPv6 does not mind. It is in time until both ends are up. */
const withoutLinkLocal = (netns: Netns, name: string): SysctlOp => ({
  op: 'sysctl.set',
  netns,
  key: `net/ipv6/conf/${name}/addr_gen_mode`,
  value: '1',
  optional: true,
  lasting: false,
})

/** What is a port's own the kernel takes only when it is a port already: not in the op that makes it one. */
const changes = ({ netns, name, settings }: End, found: Settings) => {
  const keys = (Object.keys(settings) as (keyof Settings)[]).filter(
    key => settings[key] !== undefined && settings[key] !== found[key],
  )
  const isOfPort = (key: keyof Settings) => key === 'hairpin' || key === 'isolated'
  const groups = keys.includes('master')
    ? [keys.filter(key => !isOfPort(key)), keys.filter(isOfPort)]
    : [keys]
  const only = (from: Settings, some: readonly (keyof Settings)[]): Settings =>
    Object.fromEntries(some.map(key => [key, from[key]]))
  return groups
    .filter(some => some.length)
    .map(some => ({
      op: 'link.set' as const,
      netns,
      name,
      set: only(settings, some),
      was: only(found, some),
    }))
}

const remove = ({ netns, name, type }: Link): LinkOp => ({ op: 'link.del', netns, name, type })
