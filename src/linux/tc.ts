/** What tc(8) prints of an interface's queues. As text: its JSON of classes and filters came late, and repeats keys. */

import type { Netns } from '../plan/netns.ts'
import type { ObservedFilter, ObservedQueues } from '../plan/observed.ts'
import { CommandError } from './commanderror.ts'
import { batch } from './iproute2.ts'

/** Of interfaces that exist, by name. One process each: it does not say whose they are, and of one that is down nothing. */
export const tcShow = async (netns: Netns, devs: readonly string[]): Promise<Map<string, ObservedQueues>> => {
  const found = new Map<string, ObservedQueues>()
  for (const dev of devs) {
    const text = await shown(netns, dev)
    if (text !== undefined) found.set(dev, queuesIn(text))
  }
  return found
}

const shown = async (netns: Netns, dev: string): Promise<string | undefined> => {
  const lines = [
    `qdisc show dev ${dev}`,
    `class show dev ${dev}`,
    `filter show dev ${dev}`,
    `filter show dev ${dev} ingress`,
  ]
  const { stdout, failures } = await batch('tc', netns, lines, [], true)
  const fatal = failures.find(({ stderr }) => !/Cannot find device/.test(stderr))
  if (fatal)
    throw new CommandError(
      'tc',
      lines[fatal.index ?? 0] ?? '',
      fatal.stderr,
      `look at the queues of ${netns}`,
    )
  return failures.length ? undefined : stdout
}

/** What is said of one interface. */
export const queuesIn = (all: string): ObservedQueues => {
  const find = (pattern: RegExp) => pattern.exec(all)
  const [, kind = '', handle = '0:', rest = ''] = find(/^qdisc (\S+) (\S+) root(.*)/m) ?? []
  const [, rate, burst] = find(/^class htb \S+ root .*rate (\w+) .* burst (\w+) /m) ?? []
  const queue = find(/^qdisc bfifo .* limit (\w+)/m)?.[1]
  const filters = filtersOf(all)
  return {
    // The kernel's own choice has no number.
    root: handle === '0:' ? '' : `${kind} ${handle}`,
    rate: rate === undefined ? undefined : amount(rate),
    burst: burst === undefined ? undefined : amount(burst),
    queue: queue === undefined ? undefined : amount(queue),
    shapesAll: / default 0x1\b/.test(rest),
    filters: filters.flatMap(({ parent, protocol, flow, matches }) =>
      parent ? { protocol, flow, matches } : [],
    ),
    hook: (find(/^qdisc (ingress|clsact) /m)?.[1] ?? '') as ObservedQueues['hook'],
    incoming: filters.flatMap(({ parent, pref, to }) => (parent ? [] : { pref, to })),
  }
}

/** `20Mbit` in powers of 1,000, `80Kb` (bytes) in powers of 1,024. */
const amount = (text: string): number => {
  const [, number, prefix = '', unit] = /^(\d+)([KMGT]?)(bit|b)$/.exec(text) ?? []
  return Number(number) * (unit === 'bit' ? 1000 : 1024) ** ' KMGT'.indexOf(prefix || ' ')
}

type Filter = ObservedFilter & { readonly parent: string; readonly pref: number; readonly to: string }

/** Each with its matches and actions on the lines below it; what has no order is a table of u32. */
const filtersOf = (text: string): Filter[] =>
  text
    .split(/^(?=filter )/m)
    .filter(one => one.startsWith('filter ') && (/ order \d+ key /.test(one) || !/ u32 /.test(one)))
    .map(one => ({
      parent: /^filter parent (\S+)/.exec(one)?.[1] ?? '',
      protocol: / protocol (\S+)/.exec(one)?.[1] ?? '',
      pref: Number(/ pref (\d+)/.exec(one)?.[1]),
      flow: / \*?flowid (\S+:\S*)/.exec(one)?.[1] ?? '',
      matches: [...one.matchAll(/match (\w+)\/(\w+) at (\d+)/g)].flatMap(([, value, mask, offset]) =>
        Number(`0x${mask}`) ? `${value}/${mask}@${offset}` : [],
      ),
      to: /Egress Redirect to device (\S+)\)/.exec(one)?.[1] ?? '',
    }))
