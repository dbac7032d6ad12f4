/** What the kernel knows of leases and the files do not: whose namespace is gone, and who has what. */
import type { Owner } from './lease.ts'
import { grouped, type Held, keyOf, type LeaseRecord, ownerOf } from './record.ts'
import type { State } from './state.ts'

/** What one attachment has. */
export interface HeldLease {
  readonly owner: Owner
  /** Without prefix length: `10.1.2.3`; `asLeased` in range.ts adds prefix and gateway. */
  readonly addresses: readonly string[]
  readonly record: LeaseRecord
}

/** What the kernel knows and the files do not. Each is asked with the lock held: be quick. */
export interface Evidence {
  /** Has the lease's namespace vanished? Undo what is left of the attachment before saying so: it is released then. */
  isGone?(lease: HeldLease): boolean | Promise<boolean>
  /** The leases of this network according to marks in the kernel; asked when a file is damaged. */
  rebuild?(): Promise<readonly { owner: Owner; addresses: readonly string[] }[]>
  /** Is this address (without prefix length) in use, whatever the files say? */
  taken?(address: string): boolean | Promise<boolean>
}

/** Releases what `isGone` says so of. */
export const reclaimGone = async (
  state: State,
  isGone: NonNullable<Evidence['isGone']>,
  now: Date,
): Promise<HeldLease[]> => {
  const held = state.all()
  const gone: HeldLease[] = []
  for (const lease of asLeases(state.network, held)) if (await isGone(lease)) gone.push(lease)
  state.pool.data.reclaimed = now.toISOString()
  const addresses = new Set(gone.flatMap(lease => lease.addresses))
  state.drop(held.filter(({ address }) => addresses.has(address.text)))
  return gone
}

/** Addresses by their owners. */
export const asLeases = (network: string, held: readonly Held[]): HeldLease[] =>
  [...grouped(held, ({ record }) => keyOf(record))].map(([key, ours]) => ({
    owner: { network, ...ownerOf(key) },
    addresses: ours.map(({ address }) => address.text),
    record: ours[0]!.record,
  }))
