/** gc without a runtime: attachments whose namespace is gone are taken away, and what is nobody's of what is marked. */

import type { Owner } from '../ipam/lease.ts'
import { openLeases } from '../ipam/leases.ts'
import { type AttachmentSeen, seeAttachments } from '../src/linux/attachments.ts'
import { allPlugLinks, networksOfRules, plugElements } from '../src/linux/evidence.ts'
import { findTool } from '../src/linux/exec.ts'
import { remove } from '../src/linux/machine.ts'
import { observe } from '../src/linux/observe.ts'
import { type AttachmentRecord, forget } from '../src/linux/records.ts'
import { stateDir } from '../src/linux/state.ts'
import { type Tell, toNobody } from '../src/linux/tell.ts'
import { isPlugOf, ownerComment, readPlugAlias } from '../src/networks/marks.ts'
import { type Explained, explain } from '../src/plan/explain.ts'
import type { Desired } from '../src/plan/kinds/index.ts'
import { HOST } from '../src/plan/netns.ts'
import { planRemoval } from '../src/plan/plan.ts'
import { elementAndFlows } from '../src/services/portflows.ts'
import { again } from './again.ts'
import { del, describeHeld } from './del.ts'
import { attemptAll } from './errors.ts'

export interface Collected {
  readonly owner: Owner
  /** What was, or is to be, taken away in the kernel. */
  readonly steps: readonly Explained[]
  /** Addresses that are free again. */
  readonly addresses: readonly string[]
}

export interface Collection {
  readonly collected: readonly Collected[]
  /** Elements of our nft sets that are nobody's. */
  readonly strays: readonly Explained[]
  /** Left alone: nobody remembers their namespaces. A runtime's GC knows. */
  readonly unknown: readonly Owner[]
}

/**
 * @param only a network's name; all networks without it
 * @param dryRun say what would be done
 * @throws CniError, after everything was tried
 */
export const collect = async (
  only: string | undefined,
  dryRun: boolean,
  tell: Tell = toNobody,
): Promise<Collection> => {
  // In this order: an ADD that runs meanwhile is remembered before it makes anything.
  const elements = await elementsOf(only)
  const seen = (await seeAttachments()).filter(({ owner }) => only === undefined || owner.network === only)
  const strays = await straysAmong(elements, seen)
  const gone = seen.filter(({ life }) => life === 'gone')
  const collected: Collected[] = []
  for (const [n, one] of gone.entries()) {
    tell(n, gone.length, `looking at ${one.owner.containerId}`)
    collected.push({ owner: one.owner, addresses: one.addresses, steps: await stepsOf(one) })
  }
  const steps = explain(planRemoval(strays, await observe(strays)))
  if (!dryRun)
    await attemptAll([
      ...gone.flatMap((one, n) => [
        async () => tell(n, gone.length, `taking away ${one.owner.containerId}`),
        // The last plugin of a chain first.
        ...one.records.toReversed().map(record => () => delAgain(record)),
        () => release(one),
      ]),
      () => remove(strays),
    ])
  const unknown = seen.filter(({ life }) => life === 'unknown').map(({ owner }) => owner)
  return { collected, strays: steps, unknown }
}

const stepsOf = async ({ records }: AttachmentSeen): Promise<Explained[]> => {
  const held = records
    .filter(({ call }) => call)
    .map(async record => {
      const { request, config } = again(record)
      const { desired } = await describeHeld({ ...request, netns: '' }, config)
      return explain(planRemoval(desired, await observe(desired)))
    })
  return (await Promise.all(held)).flat()
}

/** As the runtime's DEL; also where a delegate has the addresses. */
const delAgain = async (record: AttachmentRecord) => {
  if (!record.call) return forget(record.owner, record.plugin)
  const { request, config } = again(record)
  await del({ ...request, netns: '' }, config)
}

/** A lease of which nothing else is left. */
const release = async ({ owner }: AttachmentSeen) => {
  await openLeases({ network: owner.network, dataDir: stateDir() }).release(owner)
}

type Marked = Awaited<ReturnType<typeof plugElements>>[number] & { readonly network: string }

const elementsOf = async (only: string | undefined): Promise<Marked[]> => {
  const networks = only !== undefined ? [only] : (await findTool('nft')) ? await networksOfRules(false) : []
  const found = await Promise.all(
    networks.map(async network => (await plugElements(network)).map(one => ({ network, ...one }))),
  )
  return found.flat()
}

const straysAmong = async (
  elements: readonly Marked[],
  seen: readonly AttachmentSeen[],
): Promise<Desired[]> => {
  const known = new Set(seen.map(({ owner }) => ownerComment(owner)))
  const veths = elements.length ? await allPlugLinks() : []
  // A mark that was cut says the network, but not whose: there everything stays.
  const isUnsure = (network: string) =>
    veths.some(({ alias }) => isPlugOf(network, alias) && !readPlugAlias(alias))
  const strays = elements.filter(({ comment, network }) => !known.has(comment) && !isUnsure(network))
  const own = {
    kind: 'element',
    scope: 'attachment',
    netns: HOST,
    why: 'nobody is attached who has it',
  } as const
  return strays.flatMap(({ network, ...one }) => elementAndFlows({ ...own, ...one }))
}
