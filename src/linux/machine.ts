/** Descriptions made true on this machine, and taken away again. */

import { attemptAll, CniError, codes } from '../../cni/errors.ts'
import type { Owner } from '../../ipam/lease.ts'
import { withLock } from '../../ipam/lock.ts'
import { hostIfb, hostVeth, networkAlias, ownerComment } from '../networks/marks.ts'
import { neighboursOf } from '../networks/plug.ts'
import { apply, applyAll, undo } from '../plan/apply.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST } from '../plan/netns.ts'
import { at, type Observed } from '../plan/observed.ts'
import { plan, planRemoval, type Step } from '../plan/plan.ts'
import { elementAndFlows } from '../services/portflows.ts'
import { CommandError } from './commanderror.ts'
import { driver } from './driver.ts'
import { guestsOf, hasSharedElements, ifbLinks, networkLinks, plugElements, plugLinks } from './evidence.ts'
import { observe } from './observe.ts'
import { rememberSysctls } from './originals.ts'
import { lostElements } from './revival.ts'
import { hostLock } from './state.ts'
import { rememberTakeovers } from './takeovers.ts'
import { trace } from './trace.ts'

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
    const observed = await observe(desired, 'ensure')
    trace('observed')
    refuse(observed)
    // What is refused is refused before anything is made.
    const steps = plan(desired.filter(isOwn), observed)
    const made = await ensureShared(desired, observed)
    trace('shared')
    try {
      await apply(steps, driver)
      trace('applied')
      return observed
    } catch (error) {
      // The container may have spoken already; neighbours that are not forgotten now age.
      await remove(desired.filter(({ kind }) => kind === 'neigh')).catch(() => {})
      if (made.length) await undoShared(desired, made, error)
      if (!isOvertaken(error) || attempt === 3) throw error
    }
  }
}

/** Somebody else was faster: took away what was there, or took what nobody had. */
const isOvertaken = (error: unknown) =>
  error instanceof CommandError && ['missing', 'overtaken'].includes(error.kind)

/**
 * Takes away all that one attachment owns; reports everything that did not go.
 * @param purpose 'remove known' if the keys of its elements are known
 */
export const remove = async (
  desired: readonly Desired[],
  purpose: 'remove' | 'remove known' = 'remove',
): Promise<void> => {
  const own = desired.filter(isOwn)
  const removeSome = async (some: readonly Desired[]) =>
    applyAll(planRemoval(some, await observe(some, purpose)), driver)
  // Apart, so that a tool that does not work keeps nothing but its own things; the rules outlast the cable.
  // Flows are forgotten when the element that leads them is gone, not before.
  const isElement = ({ kind }: Desired) => kind === 'element' || kind === 'conntrack'
  await attemptAll([
    () => removeSome(own.filter(one => !isElement(one))),
    () => removeSome(own.filter(isElement)),
  ])
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
  const names = new Set(keep.flatMap(owner => [hostVeth(owner), hostIfb(owner)]))
  const comments = new Set(keep.map(ownerComment))
  const common = { scope: 'attachment', netns: HOST, why: 'its container is gone' } as const
  const links = (await plugLinks(network)).filter(({ name }) => !names.has(name))
  const ifbs = (await ifbLinks()).filter(({ owner }) => owner.network === network)
  const stray = (marked: readonly { name: string }[], nameOf: (owner: Owner) => string) =>
    [...new Set([...marked.map(({ name }) => name), ...known.map(nameOf)])].filter(name => !names.has(name))
  // The host knows neighbours by the bridge, or by its leg in a VLAN of it.
  const legs = links.length
    ? (await networkLinks()).filter(one => one.network === network && one.type === 'vlan')
    : []
  const elements = (await plugElements(network)).filter(({ comment }) => !comments.has(comment))
  await remove([
    // Out of its bridge it has no neighbours: the host's entries for it are gone.
    ...links.flatMap(({ name, mark, master }) =>
      (master ? [master, ...legs.map(leg => leg.name)] : []).flatMap(dev =>
        neighboursOf(name, mark?.addresses ?? []).map(
          (address): Desired => ({ ...common, kind: 'neigh', dev, address }),
        ),
      ),
    ),
    ...stray(ifbs, hostIfb).map(
      (name): Desired => ({ ...common, kind: 'link', type: 'ifb', name, settings: {} }),
    ),
    // Taken away first: without its ifb, what a container sends would go nowhere.
    ...stray(links, hostVeth).map(
      (name): Desired => ({ ...common, kind: 'link', type: 'veth', name, settings: {} }),
    ),
    ...elements.flatMap(one => elementAndFlows({ ...common, kind: 'element', ...one })),
  ])
}

const isOwn = ({ scope }: Desired) => scope === 'attachment'

/** @returns what was done, as far as it may be undone */
const ensureShared = async (desired: readonly Desired[], observed: Observed): Promise<readonly Step[]> => {
  const shared = desired.filter(one => !isOwn(one))
  if (!plan(shared, observed).length) return []
  // Somebody else may have made it while we waited.
  return withLock(hostLock(), async () => {
    await refuseOtherWay(shared)
    const now = await observe(shared, 'ensure')
    const steps = plan(shared, now)
    const revived = plan(await lostElements(desired, now), now)
    rememberSysctls(steps)
    rememberTakeovers(shared, now)
    const made = await apply([...steps, ...revived], driver)
    return revived.length ? [] : made // others rely on it
  })
}

/** A network whose VLAN, VNI or peers were changed would join what was apart: the old way out must go first. */
const refuseOtherWay = async (shared: readonly Desired[]) => {
  const named = shared.flatMap(one => (one.kind === 'link' ? [one] : []))
  const mine = new Set(named.map(({ alias }) => alias))
  const stale = (await networkLinks()).find(
    ({ name, type, network }) =>
      type !== 'bridge' && mine.has(networkAlias(network)) && !named.some(one => one.name === name),
  )
  if (stale)
    throw new CniError(
      codes.foreign,
      `network '${stale.network}' still has '${stale.name}', which its configuration no longer names`,
      'its configuration was changed: DEL its containers and run `vethwork prune`, or use another name',
    )
}

/** Under the lock again: another container may have been plugged in meanwhile, then it stays. */
const undoShared = (desired: readonly Desired[], made: readonly Step[], because: unknown) =>
  withLock(hostLock(), async () => {
    const shared = desired.filter(one => !isOwn(one))
    if (await isInUse(shared)) return
    // Other networks of ours may rely by now on what is the host's: ip_forward, and rules that all share.
    const own = new Set(shared.flatMap(one => (one.kind === 'element' ? [one.comment] : [])))
    const alone = (await isOnlyNetwork(shared)) && !(await hasSharedElements(own))
    await undo(
      made.filter(({ op }) => alone || !('lasting' in op && op.lasting)),
      driver,
      because,
    )
  })

const isInUse = async (shared: readonly Desired[]) => {
  // The interface by which a flat network leaves the host is no guest.
  const taken = shared.flatMap(one => (one.kind === 'takeover' ? [one.dev] : []))
  for (const name of bridgesOf(shared))
    if ((await guestsOf(name)).some(port => !taken.includes(port))) return true
  return false
}

const isOnlyNetwork = async (shared: readonly Desired[]) =>
  (await networkLinks()).every(({ name, type }) => type !== 'bridge' || bridgesOf(shared).includes(name))

const bridgesOf = (shared: readonly Desired[]) =>
  shared.flatMap(one => (one.kind === 'link' && one.type === 'bridge' ? [one.name] : []))

/** A second ADD for the same attachment is an error, also into another namespace (CNI specification, "ADD"). */
const refuseSecond = (owner: Owner, observed: Observed) => {
  if (observed.links.has(at(HOST, hostVeth(owner))))
    throw new CniError(
      codes.badEnvironment,
      `container '${owner.containerId}' is attached to network '${owner.network}' by '${owner.ifname}' already`,
      'CNI_CONTAINERID and CNI_IFNAME must be new for each ADD: call DEL first',
    )
}

/** ADD makes an interface: one of that name must not be there (CNI specification, "ADD"). */
export const refuseTakenName = (netns: `/${string}`, owner: Owner) => (observed: Observed) => {
  const { ifname } = owner
  if (observed.links.has(at(netns, ifname)))
    throw new CniError(
      codes.nameTaken,
      `CNI_IFNAME '${ifname}' exists in the container's namespace ${netns}`,
      'choose another name, or DEL the attachment that made it',
    )
  refuseSecond(owner, observed)
}
