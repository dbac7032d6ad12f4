/** ADD and DEL as plans: what would be done, and nothing of it is (no lease is taken either). */

import { refuseTakenName } from '../src/linux/machine.ts'
import { observe } from '../src/linux/observe.ts'
import { describe } from '../src/networks/index.ts'
import { type Explained, explain } from '../src/plan/explain.ts'
import { plan, planRemoval } from '../src/plan/plan.ts'
import { attachmentOf, existingNetns } from './attachment.ts'
import type { Config } from './config.ts'
import { addressesOf } from './ipam.ts'
import type { Request } from './request.ts'

/** @throws CniError whatever ADD would refuse */
export const previewAdd = async (request: Request, config: Config): Promise<Explained[]> => {
  const netns = await existingNetns(request)
  const { lease, words } = await addressesOf(request, config).preview()
  const desired = describe(config.net, attachmentOf(request, config, netns), lease)
  const observed = await observe(desired)
  refuseTakenName(netns, request.ifname)(observed)
  return [...words, ...explain(plan(desired, observed))]
}

export const previewDel = async (request: Request, config: Config): Promise<Explained[]> => {
  const addresses = addressesOf(request, config)
  const lease = await addresses.find()
  const own = describe(config.net, attachmentOf(request, config, undefined), lease).filter(
    ({ scope }) => scope === 'attachment',
  )
  const steps = explain(planRemoval(own, await observe(own)))
  const held = lease?.addresses.map(({ address }) => address) ?? []
  return [...steps, ...(held.length ? [release(held)] : [])]
}

const release = (addresses: readonly string[]): Explained => ({
  words: `release ${addresses.join(' and ')}`,
  why: 'ipam: last, for nobody may get an address that is still in use',
  command: '(in the lease store)',
})
