// What rates and bursts become: numbers that the kernel can hold, and with which no packet is stuck.
import { describe, expect, test } from '@jest/globals'
import { explain } from '../../../src/plan/explain.ts'
import type { Shaper } from '../../../src/plan/kinds/shaper.ts'
import { at, nothing, type ObservedQueues } from '../../../src/plan/observed.ts'
import { plan } from '../../../src/plan/plan.ts'
import { described, descriptions, leaseOf } from '../../helpers/descriptions.ts'
import { configOf, layer2 } from '../../helpers/modes.ts'

const shapersOf = (fields: object): Shaper[] =>
  described(configOf('nat', 'v4', { ...fields }), leaseOf('v4')).flatMap(one =>
    one.kind === 'shaper' ? [one] : [],
  )
const received = (ingressRate: number, ingressBurst: number) =>
  shapersOf({ ingressRate, ingressBurst }).map(({ rate, burst, queue }) => ({ rate, burst, queue }))

describe('rate, burst and queue', () => {
  const cases: [name: string, rate: number, burst: number, Pick<Shaper, 'rate' | 'burst' | 'queue'>][] = [
    ['as asked', 20e6, 2e6, { rate: 20e6, burst: 250_000, queue: 81_920 }],
    ['a burst below a GSO segment', 20e6, 8000, { rate: 20e6, burst: 81_920, queue: 81_920 }],
    ['no less than a millisecond', 1e10, 8000, { rate: 1e10, burst: 1_250_000, queue: 31_250_000 }],
    ['a burst that says nothing: containerd', 20e6, 4294967295, { rate: 20e6, burst: 81_920, queue: 81_920 }],
    ['CRI-O', 20e6, 34359738359, { rate: 20e6, burst: 81_920, queue: 81_920 }],
    ['dockershim', 200e6, 2147483647, { rate: 200e6, burst: 625_000, queue: 625_000 }],
    ['no more than a minute', 1000, 2e9, { rate: 1000, burst: 7500, queue: 81_920 }],
    ['less than a byte a second', 1, 1, { rate: 8, burst: 8, queue: 81_920 }],
  ]
  test.each(cases)('%s', (_, rate, burst, expected) => {
    expect(received(rate, burst)).toEqual([expected])
  })
  test('0 is no limit', () => expect(shapersOf({ ingressRate: 0, egressRate: 0 })).toEqual([]))
  test('a queue that the kernel can count', () => {
    expect(received(Number.MAX_SAFE_INTEGER, 1)[0]?.queue).toBe(2 ** 31)
  })
})

describe('what is seen', () => {
  const desired = descriptions['nat-shaped']!.filter(({ kind }) => kind === 'shaper' || kind === 'redirect')
  const [port, ifb] = ['veth6gb2xqgq8ih', 'ifb6gb2xqgq8ih']
  const u32 = (far: 'src' | 'dst') => [
    { protocol: 'ip', flow: '7e:', matches: [`0a000000/ff000000@${far === 'src' ? 12 : 16}`] },
    {
      protocol: 'ipv6',
      flow: '7e:',
      matches: ['fd000000/ffffffff', '00000000/ffffff00'].map(
        (match, n) => `${match}@${(far === 'src' ? 8 : 24) + 4 * n}`,
      ),
    },
  ]
  const shaped = { root: 'htb 7e:', queue: 81_920, shapesAll: true, hook: '', incoming: [] } as const
  const atPort: ObservedQueues = {
    ...shaped,
    rate: 20e6,
    burst: 249_990,
    filters: u32('src'),
    hook: 'ingress',
    incoming: [{ pref: 32382, to: ifb }],
  }
  const atIfb: ObservedQueues = { ...shaped, rate: 1e6, burst: 125_000, filters: u32('dst') }
  const commands = (one: Partial<ObservedQueues>, other: Partial<ObservedQueues> = {}) =>
    explain(
      plan(desired, {
        ...nothing,
        queues: new Map([
          [at('host', port), { ...atPort, ...one }],
          [at('host', ifb), { ...atIfb, ...other }],
        ]),
      }),
    ).map(({ command }) => command)

  test('as it must be, but for rounding', () => expect(commands({})).toEqual([]))
  const changes: [name: string, change: Partial<ObservedQueues>, first: string, count: number][] = [
    ['another rate', { rate: 30e6 }, `tc qdisc del dev ${port} root`, 6],
    ['another burst', { burst: 100_000 }, `tc qdisc del dev ${port} root`, 6],
    ['no queue', { queue: undefined }, `tc qdisc del dev ${port} root`, 6],
    ['a subnet less', { filters: u32('src').slice(1) }, `tc qdisc del dev ${port} root`, 6],
    ['only some', { shapesAll: false }, `tc qdisc del dev ${port} root`, 6],
    ['no shaper', { root: '' }, `tc qdisc add dev ${port} root handle 7e: htb default 1`, 5],
    ['no redirect', { incoming: [] }, `tc filter add dev ${port} ingress protocol all prio 32382`, 1],
    [
      'a redirect to nowhere',
      { incoming: [{ pref: 32382, to: '*' }] },
      `tc filter del dev ${port} ingress protocol all prio 32382`,
      2,
    ],
    ['no hook', { hook: '', incoming: [] }, `tc qdisc add dev ${port} handle ffff: ingress`, 2],
  ]
  test.each(changes)('%s', (_, change, first, count) => {
    const found = commands(change)
    expect(found[0]?.slice(0, first.length)).toBe(first)
    expect(found).toHaveLength(count)
  })
  test('somebody else’s', () => {
    expect(() => commands({ root: 'tbf 1:' })).toThrow(
      `the interface '${port}' has a queueing discipline already: tbf 1:`,
    )
  })
})

test('a network without addresses is shaped, too', () => {
  const kinds = described(
    { ...layer2, egressRate: 1e6, egressBurst: 1e6 },
    { addresses: [], routes: [], dns: {} },
  )
  expect(kinds.filter(({ kind }) => kind === 'shaper' || kind === 'redirect')).toHaveLength(2)
})
