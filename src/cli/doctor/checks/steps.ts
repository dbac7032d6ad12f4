/** What `repair` would do, as what is wrong: each step that is not the consequence of another one is a finding. Pure. */

import type { Looked } from '../../../../cni/repair.ts'
import { at } from '../../../plan/observed.ts'
import type { Step } from '../../../plan/plan.ts'
import { ownerWords, shortId } from '../../words.ts'
import { type Finding, finding } from '../finding.ts'
import type { HostSeen } from '../host.ts'
import { faultsOf, nameIn } from './faults.ts'

export const missing = ({ looked, links }: HostSeen): Finding[] => {
  const mtus = new Map(links.map(({ name, mtu }) => [name, mtu]))
  return looked.flatMap(one => ('failure' in one ? [] : ofSteps(one, mtus)))
}

/** What is different, and may be so on purpose; sizes are judged elsewhere. */
export const otherMacs = ({ looked }: HostSeen): Finding[] =>
  looked.flatMap(one => {
    if ('failure' in one) return []
    const { owner } = one.record
    return one.left
      .filter(words => words.includes('MAC address'))
      .map(words =>
        finding('container-mac-differs', {
          object: `${shortId(owner.containerId)} ${owner.ifname}`,
          what: `container ${ownerWords(owner)}: ${words}`,
          fix: 'nothing if it is meant; else DEL it and ADD it again',
        }),
      )
  })

const ofSteps = ({ record, steps, described }: Looked, mtus: ReadonlyMap<string, number>): Finding[] => {
  const { containerId, ifname, network } = record.owner
  const uplinks = new Set(
    described.flatMap(one =>
      one.kind === 'link' && one.scope === 'network' && one.settings.master !== undefined ? [one.name] : [],
    ),
  )
  const lowers = new Map(
    described.flatMap(one => (one.kind === 'link' && one.lower ? [[one.name, one.lower.name] as const] : [])),
  )
  const faults = primary(steps).flatMap(({ op, scope }) => {
    const who = scope === 'network' ? `network ${network}` : `container ${ownerWords(record.owner)}`
    const object = scope === 'network' ? network : `${shortId(containerId)} ${ifname}`
    const place = { who, ifname, isShared: scope === 'network', uplinks, lowers, mtus }
    return faultsOf(op, place).map(fault => ({ ...fault, object: fault.object ?? object, scope }))
  })
  // All that the tunnel passes through would become smaller with what carries it.
  const isCarrier = faults.some(({ id }) => id === 'mtu-above-underlay')
  return faults
    .filter(({ id }) => !(isCarrier && id === 'mtu-changed'))
    .map(({ id, object, what, fix, scope }) =>
      finding(id, {
        object,
        what,
        fix: fix ?? `vethwork repair ${scope === 'network' ? network : shortId(containerId)}`,
        ...(fix ? {} : { mend: 'repair' as const }),
      }),
    )
}

/** Of what is made anew, or was down, the rest follows: addresses, routes, settings. */
const primary = (steps: readonly Step[]): Step[] => {
  const anew = new Set<string>()
  const wasDown = new Set<string>()
  const unplugged = new Set<string>()
  for (const { op } of steps) {
    if (op.op === 'link.add') {
      anew.add(at(op.link.netns, op.link.name))
      if (op.link.peer) anew.add(at(op.link.peer.netns, op.link.peer.name))
    }
    if (op.op === 'link.set' && op.set.master) unplugged.add(at(op.netns, op.name))
    if (op.op === 'link.set' && op.set.up) wasDown.add(at(op.netns, op.name))
  }
  return steps.filter(({ op }) => {
    if (op.op === 'link.add' || op.op === 'nft' || op.op === 'iptables') return true
    const name = nameIn(op)
    if (name === undefined) return true
    const key = at(op.netns, name)
    if (op.op === 'link.set' && unplugged.has(key) && !op.set.master) return false
    if (op.op === 'link.set') return !anew.has(key) && !anew.has(at(op.netns, op.set.master ?? ''))
    return !anew.has(key) && !wasDown.has(key)
  })
}
