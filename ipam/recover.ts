/** Leases from elsewhere: out of host-local's files, and out of the kernel when ours are damaged. */
import { blockOf, parseAddress } from './address.ts'
import type { Evidence } from './evidence.ts'
import { readHostLocal, removeHostLocal } from './hostlocal.ts'
import type { Owner } from './lease.ts'
import type { LeaseRecord } from './record.ts'
import type { State } from './state.ts'

/** Ours are written before theirs are removed, and the note that it was done comes last: a crash repeats it. */
export const importHostLocal = (state: State, path: string): void => {
  const { leases, last } = readHostLocal(path)
  if (leases.length + last.length === 0) {
    state.pool.data.imported = path // written with the first lease
    return
  }
  const isNew = leases.filter(({ address }) => !state.recordOf(address))
  state.pool.data.cursors.push(...last.map(({ text }) => text))
  state.put(isNew.map(lease => ({ address: lease.address, record: unknownNetns(state, lease) })))
  removeHostLocal(path, leases)
  state.pool.data.imported = path
  state.pool.write()
}

/** Leases that only the kernel still knows of: our own were lost, or never made here. */
export const recoverMarks = async (state: State, rebuild: Evidence['rebuild']): Promise<void> => {
  const marks = ((await rebuild?.()) ?? []).flatMap(({ owner, addresses }) =>
    addresses.map(text => ({ address: parseAddress(text), record: unknownNetns(state, owner) })),
  )
  const unknown = marks.filter(({ address }) => !state.recordOf(address))
  if (unknown.length) state.put(unknown)
}

/** A damaged block: what owners' hints and the kernel's marks say of it is leased; the kernel knows better. */
export const mendBlock = async (state: State, block: string, rebuild: Evidence['rebuild']): Promise<void> => {
  const marks = ((await rebuild?.()) ?? []).flatMap(({ owner, addresses }) =>
    addresses.map(parseAddress).map(address => ({ owner, address })),
  )
  const ours = marks.filter(({ address }) => blockOf(address).text === block)
  const found = new Map([...state.hintsFor(block), ...ours].map(one => [one.address.text, one]))
  state.replaceBlock(
    block,
    [...found.values()].map(({ address, owner }) => ({ address, record: unknownNetns(state, owner) })),
  )
}

const unknownNetns = (
  state: State,
  { containerId, ifname }: Pick<Owner, 'containerId' | 'ifname'>,
): LeaseRecord => ({
  containerId,
  ifname,
  bootId: state.bootId,
  netns: null,
  netnsInode: null,
  since: new Date().toISOString(),
})
