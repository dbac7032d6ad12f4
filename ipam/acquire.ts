/** Which addresses an attachment gets, when others have some, the kernel knows of more, and few are left. */
import { CniError, codes } from '../cni/errors.ts'
import type { Address } from './address.ts'
import { exhausted, freeAddresses } from './allocator.ts'
import { asLeases, type Evidence, reclaimGone } from './evidence.ts'
import type { Owner } from './lease.ts'
import { type RangeSet, sizeOf } from './range.ts'
import { keyOf } from './record.ts'
import type { State } from './state.ts'

/** The specification: a second ADD for the same container and interface is an error. */
export const refuseSecond = (state: State, owner: Owner): void => {
  const [held] = state.heldBy(owner)
  if (held)
    throw new CniError(
      codes.badEnvironment,
      `container ${owner.containerId} already has ${held.address.text} for ${owner.ifname} in network ${owner.network}`,
      'CNI_CONTAINERID and CNI_IFNAME must be new for each ADD: call DEL first',
    )
}

const restMs = 10_000

/** Looks for vanished namespaces when the pool is nearly or quite empty, the former not too often. */
export const chooseAddresses = async (
  state: State,
  sets: readonly RangeSet[],
  requested: readonly (Address | undefined)[],
  evidence: Evidence,
  now: Date,
): Promise<Address[]> => {
  const { isGone } = evidence
  const attempt = () => choose(state, sets, requested, evidence)
  if (!isGone) return attempt()
  const rested = Math.abs(now.getTime() - (Date.parse(state.pool.data.reclaimed) || 0)) > restMs
  if (rested && nearlyEmpty(state, sets)) {
    await reclaimGone(state, isGone, now)
    return attempt()
  }
  try {
    return await attempt()
  } catch (failure) {
    const dry = failure instanceof CniError && failure.code === codes.poolExhausted
    if (!dry || (await reclaimGone(state, isGone, now)).length === 0) throw failure
    return attempt()
  }
}

const choose = async (
  state: State,
  sets: readonly RangeSet[],
  requested: readonly (Address | undefined)[],
  evidence: Evidence,
): Promise<Address[]> => {
  const chosen: Address[] = []
  for (const [i, set] of sets.entries()) {
    const wanted = requested[i]
    if (wanted) await refuseTaken(state, wanted, evidence)
    chosen.push(wanted ?? (await firstFree(state, set, evidence)))
  }
  return chosen
}

const refuseTaken = async (state: State, address: Address, evidence: Evidence): Promise<void> => {
  const record = state.recordOf(address)
  if (record) {
    const held = state.all().filter(one => keyOf(one.record) === keyOf(record))
    if (!(await evidence.isGone?.(asLeases(state.network, held)[0]!)))
      throw taken(address, `container ${record.containerId}, interface ${record.ifname || 'unknown'}, has it`)
    state.drop(held)
  }
  if (await evidence.taken?.(address.text)) throw taken(address, 'it is in use on this host')
}

const taken = (address: Address, reason: string) =>
  new CniError(
    codes.addressTaken,
    `cannot lease ${address.text}: ${reason}`,
    'ask for another address, or for none',
  )

const firstFree = async (state: State, set: RangeSet, evidence: Evidence): Promise<Address> => {
  for (const address of freeAddresses(set, state.cursors(), state))
    if (!(await evidence.taken?.(address.text))) return address
  throw exhausted(set, leasedIn(state, set))
}

/** Fewer than a tenth are free, or in large pools fewer than 32. */
const nearlyEmpty = (state: State, sets: readonly RangeSet[]): boolean => {
  const leased = Object.values(state.pool.data.used).reduce((sum, used) => sum + used, 0)
  return sets.some(set => {
    const size = set.ranges.reduce((sum, range) => sum + sizeOf(range, set.gateways), 0n)
    const tenth = size / 10n
    const few = tenth > 32n ? 32n : tenth < 1n ? 1n : tenth
    return size - BigInt(leased) < few && size - leasedIn(state, set) < few // the sum of all is quick, and no less
  })
}

const leasedIn = (state: State, set: RangeSet): bigint =>
  BigInt(set.ranges.reduce((sum, range) => sum + state.leasedIn(range), 0))
