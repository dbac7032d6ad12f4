/** Descriptions made true on this machine, and taken away again. */

import { CniError, codes } from '../../cni/errors.ts'
import { hostOf } from '../../ipam/cidr.ts'
import type { Owner } from '../../ipam/lease.ts'
import { withLock } from '../../ipam/lock.ts'
import { hostVeth, ownerComment } from '../networks/marks.ts'
import { apply, applyAll, undo } from '../plan/apply.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST } from '../plan/netns.ts'
import { at, type Observed } from '../plan/observed.ts'
import { plan, planRemoval, type Step } from '../plan/plan.ts'
import { CommandError } from './commanderror.ts'
import { driver } from './driver.ts'
import { networkLinks, plugElements, plugLinks, portsOf } from './evidence.ts'
import { observe } from './observe.ts'
import { rememberSysctls } from './originals.ts'
import { hostLock } from './state.ts'

/**
 * Makes all of `desired`, or nothing. What the network shares is made under the host's lock, and
 * only if something of it is missing; the rest without any lock, for nobody else has to do with it.
 * @param refuse throws if what was seen must not be touched
 * @returns what was seen before
 */
export const ensure = async (
  desired: readonly Desired[],
  refuse: (observed: Observed) => void,
): Promise<Observed> => {
  // A `prune` may take an unused bridge away between our look and our plug: then once more.
  for (let attempt = 1; ; attempt++) {
    const observed = await observe(desired)
    refuse(observed)
    const made = await ensureShared(desired, observed)
    try {
      await apply(plan(desired.filter(isOwn), observed), driver)
      return observed
    } catch (error) {
      if (made.length) await undoShared(desired, made, error)
      const vanished = error instanceof CommandError && error.kind === 'missing'
      if (!vanished || attempt === 3) throw error
    }
  }
}

/** Takes away all that one attachment owns; reports everything that did not go. */
export const remove = async (desired: readonly Desired[]): Promise<void> => {
  const own = desired.filter(isOwn)
  await applyAll(planRemoval(own, await observe(own)), driver)
}

/**
 * Takes away everything in the kernel that says it is an attachment's of this network, but those of `keep`.
 * @param known who else may have something: a crash can leave a cable that has its name, but no mark yet
 */
export const removeStrays = async (
  network: string,
  keep: readonly Owner[],
  known: readonly Owner[],
): Promise<void> => {
  const names = new Set(keep.map(hostVeth))
  const comments = new Set(keep.map(ownerComment))
  const common = { scope: 'attachment', netns: HOST, why: 'its container is gone' } as const
  const links = (await plugLinks(network)).filter(({ name }) => !names.has(name))
  const stray = new Set([
    ...links.map(({ name }) => name),
    ...known.map(hostVeth).filter(name => !names.has(name)),
  ])
  const elements = (await plugElements(network)).filter(({ comment }) => !comments.has(comment))
  await remove([
    ...links.flatMap(({ mark, master }) =>
      (mark?.addresses ?? []).map(
        (one): Desired => ({ ...common, kind: 'neigh', dev: master, address: hostOf(one) }),
      ),
    ),
    ...[...stray].map((name): Desired => ({ ...common, kind: 'link', type: 'veth', name, settings: {} })),
    ...elements.map((one): Desired => ({ ...common, kind: 'element', ...one })),
  ])
}

const isOwn = ({ scope }: Desired) => scope === 'attachment'

const ensureShared = async (desired: readonly Desired[], observed: Observed): Promise<readonly Step[]> => {
  const shared = desired.filter(one => !isOwn(one))
  if (!plan(shared, observed).length) return []
  // Somebody else may have made it while we waited.
  return withLock(hostLock(), async () => {
    const steps = plan(shared, await observe(shared))
    rememberSysctls(steps)
    return apply(steps, driver)
  })
}

/** Under the lock again: another container may have been plugged in meanwhile, then it stays. */
const undoShared = (desired: readonly Desired[], made: readonly Step[], because: unknown) =>
  withLock(hostLock(), async () => {
    const shared = desired.filter(one => !isOwn(one))
    if (await isInUse(shared)) return
    const alone = await isOnlyNetwork(shared)
    // ip_forward is the host's: other networks of ours may rely on it by now.
    await undo(
      made.filter(({ op }) => alone || op.op !== 'sysctl.set' || !op.lasting),
      driver,
      because,
    )
  })

const isInUse = async (shared: readonly Desired[]) => {
  for (const name of bridgesOf(shared)) if ((await portsOf(name)).length) return true
  return false
}

const isOnlyNetwork = async (shared: readonly Desired[]) =>
  (await networkLinks()).every(({ name }) => bridgesOf(shared).includes(name))

const bridgesOf = (shared: readonly Desired[]) =>
  shared.flatMap(one => (one.kind === 'link' && one.type === 'bridge' ? [one.name] : []))

/** ADD makes an interface: one of that name must not be there (CNI specification, "ADD"). */
export const refuseTakenName = (netns: `/${string}`, ifname: string) => (observed: Observed) => {
  if (observed.links.has(at(netns, ifname)))
    throw new CniError(
      codes.nameTaken,
      `CNI_IFNAME '${ifname}' exists in the container's namespace ${netns}`,
      'choose another name, or DEL the attachment that made it',
    )
}
