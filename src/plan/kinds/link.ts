/** Links: bridges, veth pairs and what is set on an interface (ip-link(8)). */

import { CniError, codes } from '../../../cni/errors.ts'
import type { Netns } from '../netns.ts'
import { at, type ObservedLink } from '../observed.ts'
import type { Common, Kind } from './kind.ts'

export interface Settings {
  readonly up?: boolean
  readonly mtu?: number
  readonly mac?: string
  readonly promisc?: boolean
  readonly master?: string
  /** Of a bridge's port: frames may leave by the port they came in. */
  readonly hairpin?: boolean
  /** Of a bridge's port: no frames to other isolated ports. */
  readonly isolated?: boolean
}

interface End {
  readonly netns: Netns
  readonly name: string
  readonly settings: Settings
}

export interface Link extends Common, End {
  readonly kind: 'link'
  /** `given` is there without us, as `lo` is. */
  readonly type: 'bridge' | 'veth' | 'given'
  /** Our mark: whose the link is, in words (ifalias). */
  readonly alias?: string
  /** The other end of a veth: born in its namespace under its final name. */
  readonly peer?: End
}

type Place = Pick<End, 'netns' | 'name'>
export type LinkOp =
  | ({ readonly op: 'link.add'; readonly link: Link } & Place)
  | ({ readonly op: 'link.alias'; readonly alias: string } & Place)
  | ({ readonly op: 'link.set'; readonly set: Settings; readonly was: Settings } & Place)
  | ({ readonly op: 'link.del'; readonly type: string } & Place)

export const link: Kind<Link, LinkOp> = {
  ensure(desired, observed) {
    const found = observed.links.get(at(desired.netns, desired.name))
    if (desired.type === 'given') return changes(desired, found ? settingsOf(found) : {})
    if (!found) return create(desired)
    refuseForeign(desired, found)
    const { peer } = desired
    if (!peer) return changes(enforced(desired, found), settingsOf(found))
    const peerFound = observed.links.get(at(peer.netns, peer.name))
    // An end that was moved or renamed cannot be found again: make the pair anew.
    if (!peerFound) return [remove(desired), ...create(desired)]
    return [...changes(desired, settingsOf(found)), ...changes(peer, settingsOf(peerFound))]
  },

  remove(desired, observed) {
    const found = observed.links.get(at(desired.netns, desired.name))
    return found && isOurs(desired, found) ? [remove(desired)] : []
  },

  tool: () => 'ip',

  line(op) {
    switch (op.op) {
      case 'link.add': {
        const { type, peer } = op.link
        const end = [
          'type',
          type,
          ...(peer ? ['peer', 'name', peer.name, ...born(peer.settings), 'netns', peer.netns] : []),
        ]
        return ['link add dev', op.name, ...born(op.link.settings), ...end].join(' ')
      }
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
      case 'link.alias':
        return `mark ${op.name} as ours`
      case 'link.set':
        return `set ${op.name} ${set(op.set).join(' ')}`
      case 'link.del':
        return `delete the ${op.type} ${op.name}`
    }
  },

  undo(op) {
    if (op.op === 'link.add') return [remove(op.link)]
    if (op.op === 'link.set' && Object.keys(op.was).length) return [{ ...op, set: op.was, was: {} }]
    return []
  },
}

/** A network's link may have been there before us; it is ours only if it says so. */
const isOurs = (desired: Link, found: ObservedLink) =>
  desired.type !== 'given' && (desired.scope === 'attachment' || found.alias === desired.alias)

/** Of a bridge that was there before us, or is another network's, only what we need is set. */
const enforced = (desired: Link, found: ObservedLink): Link => {
  if (isOurs(desired, found)) return desired
  const { up, promisc } = desired.settings
  return { ...desired, settings: { up, promisc } }
}

const refuseForeign = ({ name, type }: Link, found: ObservedLink) => {
  if (found.type === type) return
  const actual = found.type ? `a ${found.type}` : 'no virtual device'
  throw new CniError(
    codes.foreign,
    `the interface '${name}' exists and is ${actual}, not a ${type}`,
    type === 'bridge' ? "choose another name in the field 'bridge', or delete that interface" : 'delete it',
  )
}

const create = (desired: Link): LinkOp[] => {
  const { netns, name, alias, settings } = desired
  const { promisc = false, hairpin = false, isolated = false } = settings
  return [
    { op: 'link.add', netns, name, link: desired },
    // The kernel stores no alias while it creates a link.
    ...(alias ? [{ op: 'link.alias' as const, netns, name, alias }] : []),
    // All else was set at birth; nothing of it needs undoing, for the link itself will go.
    ...changes(
      { netns, name, settings: { promisc, hairpin, isolated } },
      { promisc: false, hairpin: false, isolated: false },
    ).map(op => ({ ...op, was: {} })),
  ]
}

const changes = ({ netns, name, settings }: End, found: Settings) => {
  const keys = (Object.keys(settings) as (keyof Settings)[]).filter(
    key => settings[key] !== undefined && settings[key] !== found[key],
  )
  const only = (from: Settings): Settings => Object.fromEntries(keys.map(key => [key, from[key]]))
  return keys.length ? [{ op: 'link.set' as const, netns, name, set: only(settings), was: only(found) }] : []
}

const remove = ({ netns, name, type }: Link): LinkOp => ({ op: 'link.del', netns, name, type })

const settingsOf = (found: ObservedLink): Settings => ({
  up: found.up,
  mtu: found.mtu,
  mac: found.mac,
  promisc: found.promisc,
  master: found.master,
  hairpin: found.port?.hairpin ?? false,
  isolated: found.port?.isolated ?? false,
})

/** What `link add` takes for one end. */
const born = ({ mtu, mac, master, up }: Settings) => set({ mtu, mac, master, up: up || undefined })

/** Settings as words of `ip link`. Those of a port come last: they change the meaning of the line. */
const set = ({ mtu, mac, master, up, promisc, hairpin, isolated }: Settings): string[] => {
  const onOff = (value: boolean) => (value ? 'on' : 'off')
  const port = [
    ...(hairpin === undefined ? [] : ['hairpin', onOff(hairpin)]),
    ...(isolated === undefined ? [] : ['isolated', onOff(isolated)]),
  ]
  return [
    ...(mtu === undefined ? [] : ['mtu', String(mtu)]),
    ...(mac === undefined ? [] : ['address', mac]),
    ...(promisc === undefined ? [] : ['promisc', onOff(promisc)]),
    ...(master === undefined ? [] : master ? ['master', master] : ['nomaster']),
    ...(up === undefined ? [] : [up ? 'up' : 'down']),
    ...(port.length ? ['type', 'bridge_slave', ...port] : []),
  ]
}
