/** What an attachment or a network consists of, why, and what each object is good for. */

import { describeAgain } from '../../cni/again.ts'
import type { Config } from '../../cni/config.ts'
import { previewConfig } from '../../cni/preview.ts'
import type { AttachmentSeen } from '../linux/attachments.ts'
import { observe } from '../linux/observe.ts'
import { explain, words } from '../plan/explain.ts'
import type { Desired } from '../plan/kinds/index.ts'
import type { Ruleset } from '../plan/kinds/ruleset.ts'
import { nothing, type Observed } from '../plan/observed.ts'
import { plan } from '../plan/plan.ts'
import { without } from './without.ts'

export interface ObjectExplained {
  readonly words: string
  /** Which field or need of the network asks for it. */
  readonly why: string
  /** The lines that make it, where it is not. */
  readonly commands: readonly string[]
  /** What breaks without it. */
  readonly without: string
  /** `missing`: something of it is to be done; `vethwork repair` does. */
  readonly state: 'present' | 'missing'
}

export interface Explanation {
  /** `attachment` is its own; `network` it shares with all others. */
  readonly attachment: readonly ObjectExplained[]
  readonly network: readonly ObjectExplained[]
}

/** @throws CniError if it is not known how it was added */
export const explainAttachment = async ({
  records,
  addresses,
  owner,
}: AttachmentSeen): Promise<Explanation> => {
  const described = await Promise.all(records.map(record => describeAgain(record)))
  const { attachment, network } = await explained(described.flat())
  return {
    attachment: [...(addresses.length ? [lease(addresses, owner.ifname)] : []), ...attachment],
    network,
  }
}

/** What the next container would have, and share. */
export const explainConfig = async (config: Config): Promise<Explanation> =>
  explained(await previewConfig(config))

const explained = async (desired: readonly Desired[]): Promise<Explanation> => {
  const observed = await observe(desired)
  const ofScope = (scope: Desired['scope']) =>
    desired.filter(one => one.scope === scope).flatMap(one => explainObject(one, observed))
  return { attachment: ofScope('attachment'), network: ofScope('network') }
}

/** Waits, questions, conditions, and what must be forgotten. */
const MOMENTS: readonly Desired['kind'][] = ['arrival', 'probe', 'neigh', 'conntrack', 'hostport', 'unroute']

/** None for what is no object but a moment, or is wanted only where somebody else's is in the way. */
export const explainObject = (one: Desired, observed: Observed): ObjectExplained[] => {
  if (MOMENTS.includes(one.kind)) return []
  // Some are made only where something of the host is in the way, as its own firewall.
  const [made, mended] = [plan([one], nothing), lacking(one, observed)]
  const steps = made.length ? made : mended
  const [first] = steps
  if (!first) return one.kind === 'takeover' ? [takenOver(one)] : []
  return [
    {
      words: one.kind === 'ruleset' ? rulesetWords(one) : words(first.op),
      why: one.why,
      commands: explain(steps).map(({ command }) => command),
      without: without(one),
      state: mended.length ? 'missing' : 'present',
    },
  ]
}

const rulesetWords = ({ table, sets, chains }: Ruleset) => {
  const names = [...sets, ...chains].map(({ name }) => name)
  return `have ${names.join(', ')} in the nft table ${table}`
}

/** What is in the way of it is no reason to say nothing. */
const lacking = (one: Desired, observed: Observed) => {
  try {
    return plan([one], observed)
  } catch {
    return plan([one], nothing)
  }
}

const takenOver = (one: Desired & { readonly kind: 'takeover' }): ObjectExplained => ({
  words: `plug ${one.dev} into ${one.bridge}, which has its addresses and routes`,
  why: one.why,
  commands: [`ip link set dev ${one.dev} master ${one.bridge}`],
  without: without(one),
  state: 'present',
})

const lease = (addresses: readonly string[], ifname: string): ObjectExplained => ({
  words: `lease ${addresses.join(' and ')} to ${ifname}`,
  why: 'ipam: recorded before anything is made',
  commands: [],
  without: 'another container may get the same address',
  state: 'present',
})
