/** A real packet, and where it really ended: beside what the model says. */

import { hostOf } from '../../../ipam/cidr.ts'
import { watching } from '../../linux/nfttrace.ts'
import { type Heard, probe } from '../../linux/probe.ts'
import { HOST, type Netns } from '../../plan/netns.ts'
import { Misunderstood } from '../misunderstood.ts'
import { countersOf, movedWords } from './counters.ts'
import type { Packet } from './packet.ts'
import type { Sight } from './sight.ts'
import type { Live, Traced, Verdict } from './trace.ts'
import { stepsOf, stepWords, type TraceStep } from './tracelines.ts'

/** @throws Misunderstood where there is no namespace to send from */
export const live = async (sight: Sight, from: Netns | undefined, model: Traced): Promise<Traced> => {
  if (from === undefined)
    throw new Misunderstood('--live sends from this host or a container of it, and FROM is neither')
  const { packet } = model
  const { family, protocol, saddr, daddr, dport: port, size } = packet
  if (protocol === 'gre') throw new Misunderstood('--live sends no gre')
  const owner = sight.plugs.find(({ addresses }) => addresses.some(one => hostOf(one) === daddr))
  const target: Netns = owner?.netns ?? HOST
  const places = [...new Set<Netns>([from, HOST, target])]
  const before = await countersOf(places, packet)
  const { lines, result: heard } = await watching(matchesOf(packet), () =>
    probe(from, { family, protocol, from: saddr || undefined, to: daddr, port, size }),
  )
  const after = await countersOf(places, packet)
  const steps = stepsOf(lines)
  const isTaken = after.taken > before.taken || (!owner && hasLeft(steps))
  const seen = judged(packet, heard, steps, isTaken)
  const moved = movedWords(sight, before, after)
  return {
    ...model,
    live: { ...seen, steps: [...steps.filter(isOthers).map(stepWords), ...moved] },
    verdict: together(model.verdict, seen, steps),
  }
}

/** There and back, as far as addresses stay as they are. */
const matchesOf = ({ family, protocol, daddr, dport }: Packet): string[] => {
  const ip = family === 4 ? 'ip' : 'ip6'
  const l4 = protocol === 'icmp' && family === 6 ? 'ipv6-icmp' : protocol
  const what = (field: string) => (dport ? `${protocol} ${field} ${dport}` : `meta l4proto ${l4}`)
  return [`${ip} daddr ${daddr} ${what('dport')}`, `${ip} saddr ${daddr} ${what('sport')}`]
}

const isOthers = ({ chain }: TraceStep) => !chain.includes(' vethwork-trace-')

/** Past all rules, by an interface of the host; what is beyond is not seen. */
const hasLeft = (steps: readonly TraceStep[]) =>
  / vethwork-trace-\d+ postrouting$/.test(steps.at(-1)?.chain ?? '')

const judged = (
  { daddr, protocol }: Packet,
  { kind, words, milliseconds }: Heard,
  steps: readonly TraceStep[],
  isTaken: boolean,
): Omit<Live, 'steps'> => {
  if (kind === 'answered') return { delivered: true, words: `answered after ${milliseconds} ms` }
  const drop = steps.findLast(({ verdict }) => verdict === 'drop' || verdict === 'reject')
  if (drop)
    return {
      delivered: false,
      words: `${drop.saddr === daddr ? 'the answer was ' : ''}dropped at ${stepWords(drop)}`,
    }
  if (kind === 'refused')
    return { delivered: false, words: 'it arrived, and was refused: nobody listens there' }
  if (kind === 'failed') return { delivered: false, words: `not sent, or turned back: ${words}` }
  if (protocol === 'udp' && isTaken)
    return { delivered: true, words: 'it got there, or out of this host; by UDP nobody need answer' }
  const last = steps.at(-1)
  const where = last ? `last seen ${placeWords(last)}` : 'nftables of this host never saw it'
  return { delivered: false, words: `no answer within ${Math.round(milliseconds)} ms; ${where}` }
}

/** `at the hook postrouting (inet), going to eth0`; chains of our own are called as their hooks. */
const placeWords = ({ chain, iif, oif }: TraceStep) => {
  const [family, table, name] = chain.split(' ')
  const at = table?.startsWith('vethwork-trace-') ? `at the hook ${name} (${family})` : `in ${chain}`
  return `${at}, ${oif ? `going to ${oif}` : iif ? `coming from ${iif}` : 'made here'}`
}

/** Reality has the last word; where the model says otherwise, that is said, too. */
const together = (model: Verdict, seen: Omit<Live, 'steps'>, steps: readonly TraceStep[]): Verdict => {
  if (seen.delivered === model.delivered) {
    const drop = steps.findLast(({ verdict }) => verdict === 'drop' || verdict === 'reject')
    const isElsewhere =
      !seen.delivered && drop && !model.object?.includes(drop.chain.split(' ').slice(1).join(' '))
    return {
      ...model,
      words: isElsewhere
        ? `dropped: a real packet was ${seen.words}; the model did not get there: ${model.words}`
        : `${model.words} (a real packet: ${seen.words})`,
    }
  }
  return seen.delivered
    ? {
        delivered: true,
        words: `delivered: a real packet was ${seen.words}; the model is wrong, which says: ${model.words}`,
      }
    : {
        delivered: false,
        object: steps.at(-1)?.chain,
        because: seen.words,
        words: `dropped: a real packet: ${seen.words}; the model does not see why, and says: ${model.words}`,
      }
}
