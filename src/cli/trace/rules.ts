/** Rules on the way: asks the hooks, notes what they did, and says in words why something was dropped. */

import { familyOf, hostOf } from '../../../ipam/cidr.ts'
import type { Netns } from '../../plan/netns.ts'
import type { Moment } from './fields.ts'
import { chainWords, type Decision, decisionWords, type Hook, passHook } from './hook.ts'
import { type Drop, doubt, dropped, inside, type Journey, named, note } from './journey.ts'
import { end, type Packet } from './packet.ts'
import { refusalOf } from './refusal.ts'

/** Where a packet is when a hook looks at it. */
export interface Passing {
  readonly place: Netns
  readonly layer?: 'ip' | 'bridge'
  readonly hook: Hook
  readonly iif?: string
  readonly oif?: string
}

/** @returns the packet as it goes on */
export const throughHook = async (
  journey: Journey,
  { place, layer = 'ip', hook, iif = '', oif = '' }: Passing,
  packet: Packet,
): Promise<Packet | Drop> => {
  const { sight } = journey
  const links = await sight.links(place)
  const addresses = links.flatMap(({ addresses }) => addresses.map(({ address }) => hostOf(address)))
  const outward = [...links.filter(({ name }) => name === (oif || iif)), ...links]
    .flatMap(link => link.addresses)
    .find(({ address, scope }) => scope === 'global' && familyOf(address) === packet.family)
  const moment: Moment = {
    packet,
    iif,
    oif,
    isLocal: address => addresses.includes(address) || address.startsWith('127.'),
    kindOf: dev => links.find(({ name }) => name === dev)?.type ?? '',
    own: hostOf(outward?.address ?? ''),
  }
  const remembered = (one: Packet) => (layer === 'ip' ? ledBack(journey, place, hook, one) : one)
  const passed = passHook(await sight.ruleset(place), layer, hook, moment, remembered)
  doubt(journey, ...passed.doubts)
  const at = layer === 'bridge' ? `the bridge's ${hook} hook` : `the ${hook} hook`
  if (passed.translated) {
    const { chain, element } = passed.translated
    const what = element ? `element ${keyWords(element.key)} of ${element.comment || 'its map'}` : 'its rule'
    note(
      journey,
      place,
      packet,
      `${chainWords(chain)}: ${what}: ${changeWords(packet, passed.packet)}`,
      inside(place, chain.see),
    )
    remember(journey, place, packet, passed.packet)
  }
  if (passed.dropped) return refused(journey, place, passed.dropped, passed.packet, { iif, oif })
  const others = passed.asked.filter(chain => chain !== passed.translated?.chain)
  const [first] = others
  if (first)
    note(
      journey,
      place,
      packet,
      `${at}: ${listWords(others.map(chainWords))}: may pass`,
      inside(place, first.see),
    )
  return passed.packet
}

/** A host of many networks has many chains. */
const listWords = (words: readonly string[]) =>
  words.length > 4 ? `${words.slice(0, 3).join(', ')} and ${words.length - 3} more` : words.join(', ')

const keyWords = (key: readonly unknown[]) => key.join(' . ')

const changeWords = (before: Packet, after: Packet) =>
  [
    ...(before.daddr !== after.daddr || before.dport !== after.dport
      ? [`goes to ${end(after.daddr, after.dport)}`]
      : []),
    ...(before.saddr !== after.saddr ? [`comes from ${after.saddr}`] : []),
  ].join(', ')

const remember = ({ nat }: Journey, place: Netns, before: Packet, after: Packet) =>
  nat.set(place, { before: nat.get(place)?.before ?? before, after })

const refused = (
  journey: Journey,
  place: Netns,
  decision: Decision,
  packet: Packet,
  devices: { readonly iif: string; readonly oif: string },
): Drop => {
  const { because, fix } = refusalOf(decision, packet, devices, journey.sight.plugs)
  return dropped(named(journey, place, decisionWords(decision)), because, inside(place, fix))
}

/** An answer is led back by what connection tracking remembers: its destination before routing, its source after it. */
const ledBack = ({ nat }: Journey, place: Netns, hook: Hook, packet: Packet): Packet => {
  const known = nat.get(place)
  if (!packet.isAnswer || !known) return packet
  const { before, after } = known
  const isIts = packet.saddr === after.daddr
  if (hook === 'prerouting' || hook === 'output')
    return isIts && packet.daddr === after.saddr
      ? { ...packet, daddr: before.saddr, dport: before.sport, translated: after.translated }
      : packet
  return isIts && packet.daddr === before.saddr
    ? { ...packet, saddr: before.daddr, sport: before.dport }
    : packet
}
