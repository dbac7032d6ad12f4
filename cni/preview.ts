/** ADD and DEL as plans: what would be done, and nothing of it is (no lease is taken either). */

import { refuseForbidden } from '../src/linux/allowlist.ts'
import { refuseTakenName } from '../src/linux/machine.ts'
import { observe } from '../src/linux/observe.ts'
import { describe } from '../src/networks/index.ts'
import { type Explained, explain } from '../src/plan/explain.ts'
import type { Desired } from '../src/plan/kinds/index.ts'
import { plan, planRemoval } from '../src/plan/plan.ts'
import { attachmentOf, existingNetns, ownerOf, withTables } from './attachment.ts'
import { inTerms, isChained, plugged } from './chained.ts'
import type { Config } from './config.ts'
import { describeHeld } from './del.ts'
import { addressesOf } from './ipam.ts'
import type { Request } from './request.ts'
import { settle } from './settle.ts'

/** What one more container of a network would have, and share; the container's side only where there is one. */
export const previewConfig = async (config: Config): Promise<Desired[]> => {
  const request: Request = {
    verb: 'ADD',
    containerId: 'example',
    netns: '',
    ifname: 'eth0',
    args: {},
    path: ['/opt/cni/bin'],
    netnsOverride: false,
  }
  const { lease } = await addressesOf(request, config).preview()
  return describe(await settle(config.net, undefined, true), attachmentOf(request, config, undefined), lease)
}

/** @throws CniError whatever ADD would refuse */
export const previewAdd = async (request: Request, config: Config): Promise<Explained[]> => {
  const netns = await existingNetns(request)
  const { lease, words } = await addressesOf(request, config).preview()
  const attachment = await plugged(request, config, netns)
  const net = inTerms(await settle(config.net, netns, true), attachment)
  refuseForbidden(net.sysctl)
  const addresses = attachment.found?.addresses ?? lease.addresses.map(({ address }) => address)
  const desired = describe(net, await withTables(net, attachment, addresses), lease)
  const observed = await observe(desired)
  if (!isChained(config)) refuseTakenName(netns, ownerOf(request, config))(observed)
  return [...words, ...explain(plan(desired, observed))]
}

export const previewDel = async (request: Request, config: Config): Promise<Explained[]> => {
  const { desired, lease } = await describeHeld(request, config)
  const steps = explain(planRemoval(desired, await observe(desired)))
  const held = lease?.addresses.map(({ address }) => address) ?? []
  return [...steps, ...(held.length ? [release(held)] : [])]
}

const release = (addresses: readonly string[]): Explained => ({
  words: `release ${addresses.join(' and ')}`,
  why: 'ipam: last, for nobody may get an address that is still in use',
  command: '(in the lease store)',
})
