/** What is written down of a lease. Pure. */
import { type Address, blockOf } from './address.ts'
import type { Owner } from './lease.ts'

export interface LeaseRecord {
  readonly containerId: string
  /** Empty in leases of old versions of host-local: then they are the container's, whichever interface. */
  readonly ifname: string
  readonly bootId: string
  /** Path and inode of the network namespace; null if not known (imported, or rebuilt from the kernel). */
  readonly netns: string | null
  readonly netnsInode: number | null
  /** ISO 8601. */
  readonly since: string
}

/** An address and who holds it. */
export interface Held {
  readonly address: Address
  readonly record: LeaseRecord
}

/** One name for (container ID, interface): neither has a slash (CNI specification, "Parameters"). */
export const keyOf = ({ containerId, ifname }: Pick<Owner, 'containerId' | 'ifname'>) =>
  `${containerId}/${ifname}`

export const ownerOf = (key: string) => {
  const [containerId = '', ifname = ''] = key.split('/')
  return { containerId, ifname }
}

export const byBlock = (leases: readonly Held[]) => grouped(leases, ({ address }) => blockOf(address).text)

export const grouped = <T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group) group.push(item)
    else groups.set(key(item), [item])
  }
  return groups
}

/** Sets an entry that says something, deletes one that would not. */
export const setOrDelete = <T extends number | readonly unknown[]>(
  entries: Record<string, T>,
  key: string,
  value: T,
): void => {
  if (typeof value === 'number' ? value > 0 : value.length > 0) entries[key] = value
  else delete entries[key]
}
