/**
 * Who is attached to our networks on this host: marks in the kernel, what was remembered of ADD, and leases, joined.
 * Looks; changes nothing.
 */

import { existsSync, readdirSync } from 'node:fs'
import type { HeldLease } from '../../ipam/evidence.ts'
import type { Owner } from '../../ipam/lease.ts'
import { lookAtLeases } from '../../ipam/look.ts'
import { grouped } from '../../ipam/record.ts'
import { plugMac } from '../networks/macs.ts'
import { hostVeth, ownerText, readPlugAlias } from '../networks/marks.ts'
import type { ObservedLink } from '../plan/observed.ts'
import { nothingWanted, type Wants } from '../services/wants.ts'
import { allPlugLinks, liveNamespaces } from './evidence.ts'
import { netnsInodeIfThere } from './netns.ts'
import { type AttachmentRecord, allRecords } from './records.ts'
import { stateDir } from './state.ts'

/**
 * `alive`: its namespace and its cable are there. `down`: its cable is, but carries nothing. `unplugged`: its namespace is
 * there, its cable is not. `gone`: its namespace is not. `unknown`: nobody remembers which namespace it was.
 */
export type Life = 'alive' | 'down' | 'unplugged' | 'gone' | 'unknown'

export interface AttachmentSeen {
  readonly owner: Owner
  readonly life: Life
  /** As ADD made it; undefined where only the kernel tells. */
  readonly netns?: string
  /** ISO 8601, UTC. */
  readonly since?: string
  /** `10.22.0.2/24` */
  readonly addresses: readonly string[]
  /** Of the container's interface, if it was ours to choose. */
  readonly mac?: string
  /** The host's end of its cable, if it has one, and the bridge that is plugged into. */
  readonly port?: string
  readonly bridge?: string
  readonly wants: Wants
  /** What was remembered of it: one of each plugin in its chain, the first one first. */
  readonly records: readonly AttachmentRecord[]
}

/** `elsewhere` is less sure: the kernel gives the number of a namespace that is gone to a new one. */
export type Whereabouts = 'there' | 'elsewhere' | 'nowhere'

/** What `attachmentsOf` joins. */
export interface Traces {
  readonly records: readonly AttachmentRecord[]
  readonly leases: readonly HeldLease[]
  /** All veths of the host. */
  readonly veths: readonly ObservedLink[]
  /** Where the namespace of this path and inode is. */
  readonly whereIs: (path: string, inode: number) => Whereabouts
}

export const seeAttachments = async (): Promise<AttachmentSeen[]> => {
  const [records, leases, veths] = [allRecords(), await allLeases(), await allPlugLinks()]
  const namespaces = new Map([
    ...records.flatMap(({ netns }) => (netns ? [[netns.path, netns.inode] as const] : [])),
    ...leases.flatMap(({ record: { netns, netnsInode: inode } }) =>
      netns && inode ? [[netns, inode] as const] : [],
    ),
  ])
  const found = new Map<string, number | undefined>()
  for (const path of namespaces.keys()) found.set(path, await netnsInodeIfThere(path))
  // Somewhere else it may live on; to look there takes longer.
  const live = [...namespaces].every(([path, inode]) => found.get(path) === inode)
    ? new Set<number>()
    : await liveNamespaces()
  const whereIs = (path: string, inode: number): Whereabouts =>
    found.get(path) === inode ? 'there' : live.has(inode) ? 'elsewhere' : 'nowhere'
  return attachmentsOf({ records, leases, veths, whereIs })
}

/** By network, and in it the oldest first. */
export const attachmentsOf = ({ records, leases, veths, whereIs }: Traces): AttachmentSeen[] => {
  const marks = veths.flatMap(link => {
    const mark = readPlugAlias(link.alias)
    return mark ? [{ link, ...mark }] : []
  })
  const owners = new Map(
    [...records, ...marks, ...leases].map(({ owner }) => [ownerText(owner), owner] as const),
  )
  const byOwner = <T extends { readonly owner: Owner }>(list: readonly T[]) =>
    grouped(list, ({ owner }) => ownerText(owner))
  const [recordsBy, marksBy, leasesBy] = [byOwner(records), byOwner(marks), byOwner(leases)]
  const vethsBy = new Map(veths.map(link => [link.name, link]))
  const seen = [...owners].map(([key, owner]): AttachmentSeen => {
    const ours = recordsBy.get(key) ?? []
    const mark = marksBy.get(key)?.[0]
    const lease = leasesBy.get(key)?.[0]
    const leased = lease?.record
    const [first] = ours
    const endpoint = (ours.find(({ endpoint }) => endpoint.port) ?? first)?.endpoint
    const port = endpoint?.port ?? mark?.link.name
    const cable = port === undefined ? undefined : vethsBy.get(port)
    const path = first?.netns?.path ?? leased?.netns ?? undefined
    const inode = first?.netns?.inode ?? leased?.netnsInode ?? undefined
    const namespace = path && inode ? whereIs(path, inode) : undefined
    const addresses = mark?.addresses.length
      ? mark.addresses
      : (endpoint?.addresses ?? lease?.addresses ?? [])
    return {
      owner,
      life: lifeOf(namespace, port, cable),
      netns: path,
      since: first?.since ?? leased?.since,
      addresses,
      mac: endpoint?.mac ?? (mark && plugMac(hostVeth(owner), undefined, addresses[0])),
      port,
      bridge: cable?.master || endpoint?.bridge,
      wants: wantsOf(ours),
      records: ours,
    }
  })
  const order = ({ owner, since = '' }: AttachmentSeen) => `${owner.network}\n${since}\n${ownerText(owner)}`
  return seen.sort((a, b) => (order(a) < order(b) ? -1 : 1))
}

/** A cable lives with the namespace of its other end: where one is, so is the other. */
const lifeOf = (namespace: Whereabouts | undefined, port?: string, cable?: ObservedLink): Life => {
  if (cable) return cable.operstate === 'UP' ? 'alive' : 'down'
  if (namespace === undefined) return 'unknown'
  if (namespace === 'there') return port ? 'unplugged' : 'alive'
  return namespace === 'nowhere' || port ? 'gone' : 'alive'
}

/** What the plugins of a chain serve between them. */
const wantsOf = (records: readonly AttachmentRecord[]): Wants => {
  const all = records.map(({ wants }) => wants)
  return {
    ports: unique(all.flatMap(({ ports }) => ports)),
    rates: all.find(({ rates }) => Object.values(rates).some(Boolean))?.rates ?? nothingWanted.rates,
    groups: all.find(({ groups }) => groups)?.groups,
  }
}

const unique = <T>(list: readonly T[]) => [
  ...new Map(list.map(one => [JSON.stringify(one), one] as const)).values(),
]

/** Of every network whose leases lie in our own directory. */
const allLeases = async (): Promise<HeldLease[]> => {
  const held = await Promise.all(networksOfLeases().map(network => lookAtLeases(network, stateDir())))
  return held.flat()
}

/** Networks that have, or had, leases. */
export const networksOfLeases = (): string[] => {
  if (!existsSync(stateDir())) return []
  const names = readdirSync(stateDir()).filter(name => !name.startsWith('.'))
  return names.filter(name => existsSync(`${stateDir()}/${name}/pool.json`))
}
