// Rules of nft, as libnftables-json(5) has them, judged for one packet.

import { expect, test } from '@jest/globals'
import { type Hook, passHook } from '../../../../src/cli/trace/hook.ts'
import type { Packet } from '../../../../src/cli/trace/packet.ts'
import { rulesetOf } from '../../../../src/cli/trace/ruleset.ts'
import { momentOf, packetOf } from './packets.ts'
import { baseChain, rule } from './world.ts'

type Statement = Record<string, unknown>
type Listed = Parameters<typeof rulesetOf>[0][number]

const chain = (name: string): Listed => ({ chain: { family: 'inet', table: 't', name, handle: 1 } })
const set = (name: string, elem: unknown[], flags?: string[]): Listed => ({
  set: { family: 'inet', table: 't', name, handle: 2, elem, flags },
})
const map = (name: string, elem: unknown[]): Listed => ({
  map: { family: 'inet', table: 't', name, handle: 2, elem },
})
const inBase = (...expr: Statement[]) => rule('inet', 't', 'base', ...expr)
const match = (left: unknown, right: unknown, op = '=='): Statement => ({ match: { op, left, right } })
const field = (protocol: string, name: string) => ({ payload: { protocol, field: name } })
const meta = (key: string) => ({ meta: { key } })
const drop = { drop: null }

const passed = (
  listed: readonly Listed[],
  more: Partial<Packet> = {},
  hook: Hook = 'forward',
  type = 'filter',
) =>
  passHook(
    rulesetOf([baseChain('inet', 't', 'base', hook, 0, type), ...listed]),
    'ip',
    hook,
    momentOf(packetOf(more)),
  )

test.each<[string, Statement, boolean, Partial<Packet>?]>([
  ['an address', match(field('ip', 'saddr'), '10.22.0.2'), true],
  ['another', match(field('ip', 'saddr'), '10.22.0.3'), false],
  ['a subnet', match(field('ip', 'saddr'), { prefix: { addr: '10.22.0.0', len: 16 } }), true],
  ['not a subnet', match(field('ip', 'saddr'), { prefix: { addr: '10.22.0.0', len: 16 } }, '!='), false],
  ['a range', match(field('ip', 'daddr'), { range: ['198.51.100.1', '198.51.100.9'] }), true],
  [
    'of a set',
    match(field('ip', 'daddr'), { set: ['192.0.2.1', { prefix: { addr: '198.51.100.0', len: 24 } }] }),
    true,
  ],
  ['a field that it has not', match(field('ip6', 'saddr'), 'fd00::1', '!='), false],
  [
    'IPv6',
    match(field('ip6', 'saddr'), { prefix: { addr: 'fd00::', len: 8 } }),
    true,
    { family: 6, saddr: 'fd00:22::2', daddr: '2001:db8::1' },
  ],
  ['a port', match(field('tcp', 'dport'), 80), true],
  ['ports', match(field('th', 'dport'), { set: [22, { range: [79, 81] }] }), true],
  ['a port of another protocol', match(field('udp', 'dport'), 80), false],
  ['a larger port', match(field('tcp', 'dport'), 79, '>'), true],
  ['a protocol', match(meta('l4proto'), { set: ['udp', 'tcp'] }), true],
  ['echo requests', match(field('icmp', 'type'), 'echo-request'), true, { protocol: 'icmp' }],
  ['ICMPv6 by its other name', match(meta('l4proto'), 'icmpv6'), true, { protocol: 'icmp', family: 6 }],
  ['an interface', match(meta('iifname'), 'br-web'), true],
  ['interfaces', match(meta('oifname'), 'eth*'), true],
  ['a state', match({ ct: { key: 'state' } }, ['new', 'untracked'], 'in'), true],
  ['another state', match({ ct: { key: 'state' } }, ['established', 'related'], 'in'), false],
  ['a status', match({ ct: { key: 'status' } }, 'dnat', 'in'), true, { translated: ['dnat'] }],
  ['the first packet of a connection', match({ '&': [field('tcp', 'flags'), ['syn', 'ack']] }, 'syn'), true],
  ['not its answer', match({ '&': [field('tcp', 'flags'), ['syn', 'ack']] }, ['syn', 'ack']), false],
  [
    'an address of the host',
    match({ fib: { result: 'type', flags: ['daddr'] } }, 'local'),
    true,
    { daddr: '198.51.100.1' },
  ],
  ['a fragment', match({ '&': [field('ip', 'frag-off'), 8191] }, 1, '>'), false],
  ['a mark', match({ '&': [meta('mark'), 4096] }, 4096), true, { mark: 4097 }],
])('%s', (_, statement, isMatch, more = {}) => {
  expect([statement, passed([inBase(statement, drop)], more).dropped !== undefined]).toEqual([
    statement,
    isMatch,
  ])
})

test('named sets: by one field, by several, with comments; what the kernel fills knows answers alone', () => {
  const both = { concat: [meta('iifname'), field('ip', 'saddr')] }
  const boxed = { elem: { val: { concat: ['br-web', '10.22.0.2'] }, comment: 'web/one/eth0' } }
  const isIn = (elem: unknown[], flags?: string[], more: Partial<Packet> = {}) =>
    passed([set('s', elem, flags), inBase(match(both, '@s'), drop)], more).dropped !== undefined
  expect(isIn([boxed])).toBe(true)
  expect(isIn([{ concat: ['br-web', '10.22.0.3'] }])).toBe(false)
  expect(isIn([], ['dynamic', 'timeout'])).toBe(false)
  expect(isIn([], ['dynamic', 'timeout'], { isAnswer: true })).toBe(true)
})

test('chains: jump comes back, goto does not, return ends one, accept all of them', () => {
  const leading = (kind: string) => inBase({ [kind]: { target: 'x' } })
  const inX = (...expr: Statement[]) => rule('inet', 't', 'x', ...expr)
  const isDropped = (...listed: Listed[]) => passed([chain('x'), ...listed]).dropped !== undefined
  expect(isDropped(leading('jump'), inX({ counter: null }), inBase(drop))).toBe(true)
  expect(isDropped(leading('goto'), inX({ counter: null }), inBase(drop))).toBe(false)
  expect(isDropped(leading('jump'), inX({ return: null }), inX(drop))).toBe(false)
  expect(isDropped(leading('jump'), inX({ accept: null }), inBase(drop))).toBe(false)
  expect(isDropped(leading('jump'), inX({ jump: { target: 'x' } }))).toBe(false)
})

test('a verdict map, and its element', () => {
  const vmap = inBase({ vmap: { key: field('ip', 'daddr'), data: '@v' } })
  const found = passed([
    map('v', [[{ elem: { val: '198.51.100.2', comment: 'why' } }, { drop: null }]]),
    vmap,
  ])
  expect(found.dropped).toMatchObject({ element: { comment: 'why' } })
  const anonymous = { set: [['198.51.100.2', { goto: { target: 'x' } }]] }
  expect(
    passed([
      chain('x'),
      rule('inet', 't', 'x', drop),
      inBase({ vmap: { key: field('ip', 'daddr'), data: anonymous } }),
    ]).dropped,
  ).toMatchObject({ chain: { name: 'x' } })
})

test('NAT: the first that matches, of the first packet only; by maps, to ports', () => {
  const dnat = inBase({ dnat: { family: 'ip', addr: { map: { key: field('tcp', 'dport'), data: '@m' } } } })
  const to = map('m', [[80, { concat: ['10.22.0.3', 8080] }]])
  const hook = 'prerouting'
  expect(passed([to, dnat], {}, hook, 'nat').packet).toMatchObject({
    daddr: '10.22.0.3',
    dport: 8080,
    translated: ['dnat'],
  })
  expect(passed([to, dnat], { dport: 81 }, hook, 'nat').packet.daddr).toBe('198.51.100.2')
  expect(passed([to, dnat], { isAnswer: true }, hook, 'nat').packet.daddr).toBe('198.51.100.2')
  const fixed = inBase({ dnat: { addr: '10.22.0.4', port: 9 } })
  expect(passed([to, dnat, fixed], { dport: 81 }, hook, 'nat').packet).toMatchObject({
    daddr: '10.22.0.4',
    dport: 9,
  })
  expect(passed([inBase({ masquerade: null })], {}, 'postrouting', 'nat').packet).toMatchObject({
    saddr: '198.51.100.1',
  })
  expect(passed([inBase({ snat: { addr: '192.0.2.7' } })], {}, 'postrouting', 'nat').packet).toMatchObject({
    saddr: '192.0.2.7',
  })
  expect(passed([inBase({ redirect: { port: 3128 } })], {}, hook, 'nat').packet).toMatchObject({
    dport: 3128,
  })
})

test('a mark that one rule sets another one sees', () => {
  const marks = inBase({ mangle: { key: meta('mark'), value: { '|': [meta('mark'), 4096] } } })
  expect(passed([marks, inBase(match(meta('mark'), 4096), drop)]).dropped).toBeDefined()
})

test('in the order of priorities; a table’s accept does not help against another’s drop', () => {
  const listed = [
    baseChain('inet', 'late', 'c', 'forward', 10),
    rule('inet', 'late', 'c', drop),
    baseChain('inet', 'early', 'c', 'forward', -10),
    rule('inet', 'early', 'c', { accept: null }),
  ]
  const { dropped, asked } = passed(listed)
  expect(dropped).toMatchObject({ chain: { table: 'inet late' } })
  expect(asked.map(({ table }) => table)).toEqual(['inet early', 'inet late'])
})

test('what is not understood is a doubt, and no verdict', () => {
  const unknown = match({ numgen: { mode: 'inc', mod: 2 } }, 0)
  expect(passed([inBase(unknown, drop)])).toMatchObject({
    doubts: [expect.stringMatching(/may drop it/)],
  })
  expect(passed([inBase(unknown, drop)]).dropped).toBeUndefined()
  const closed = [inBase(unknown, { accept: null }), inBase(drop)]
  expect(passed(closed)).toMatchObject({
    doubts: [expect.stringMatching(/cannot be told/)],
  })
  expect(passed([inBase({ limit: { rate: 5 } }, drop)]).doubts).toHaveLength(1)
})
