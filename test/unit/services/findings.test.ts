// What is said of what stands around a network.
import { describe, expect, test } from '@jest/globals'
import { zonesOf } from '../../../src/linux/firewalld.ts'
import type { NftStatement } from '../../../src/plan/observed.ts'
import { findings, inOneLine, refuses, type Surroundings } from '../../../src/services/findings.ts'

const quiet: Surroundings = {
  bridge: 'br-web',
  routed: true,
  firewalls: { barriers: [], mixed: false },
  iptables: new Map(),
  bridgeNf: [],
}
const dropping = { table: 'inet filter', chain: 'forward', policy: 'drop', rules: [] }

const match = (left: object, right: unknown, op = '=='): NftStatement => ({ match: { op, left, right } })
const iifname = (name: unknown, op?: string) => match({ meta: { key: 'iifname' } }, name, op)
const oifname = (name: unknown, op?: string) => match({ meta: { key: 'oifname' } }, name, op)
const state = (...right: string[]) => match({ ct: { key: 'state' } }, right, 'in')
const source = match(
  { payload: { protocol: 'ip', field: 'saddr' } },
  { prefix: { addr: '10.0.0.0', len: 8 } },
)
const accept: NftStatement = { accept: null }
const drop: NftStatement = { drop: null }
const reject: NftStatement = { reject: { type: 'icmpx', expr: 'admin-prohibited' } }
const counter: NftStatement = { counter: { packets: 0, bytes: 0 } }

describe('whether a chain surely refuses what comes from 10.22.0.0/24 by br-web', () => {
  const from = (addr: string, len: number, op?: string, protocol = 'ip') =>
    match({ payload: { protocol, field: 'saddr' } }, { prefix: { addr, len } }, op)
  const cases: [name: string, rules: NftStatement[][], refused: boolean][] = [
    ['its subnet', [[from('10.22.0.0', 24), drop]], true],
    ['a larger one', [[from('10.0.0.0', 8), drop]], true],
    ['a part of it', [[from('10.22.0.0', 25), drop]], false],
    ['another one', [[from('10.23.0.0', 24), drop]], false],
    ['all but another one', [[from('10.23.0.0', 24, '!='), drop]], true],
    ['all but its own', [[from('10.22.0.0', 24, '!='), drop]], false],
    ['of the other family', [[from('fd00::', 8, '==', 'ip6'), drop]], false],
    ['addresses of a set', [[match({ payload: { protocol: 'ip', field: 'saddr' } }, '@bad'), drop]], false],
    ['its subnet, by another interface', [[from('10.22.0.0', 24), iifname('eth9'), drop]], false],
    [
      'accepted before',
      [
        [iifname('br-web'), accept],
        [from('10.22.0.0', 24), drop],
      ],
      false,
    ],
  ]
  test.each(cases)('%s', (_, rules, refused) =>
    expect(refuses({ ...dropping, policy: 'accept', rules }, 'br-web', '10.22.0.0/24')).toBe(refused),
  )
})

describe('whether a chain surely refuses what comes by br-web', () => {
  const cases: [name: string, policy: string, rules: NftStatement[][], refused: boolean][] = [
    ['policy drop', 'drop', [], true],
    ['policy accept', 'accept', [], false],
    ['answers pass', 'drop', [[state('established', 'related'), accept]], true],
    ['a state alone', 'drop', [[match({ ct: { key: 'state' } }, 'established'), accept]], true],
    ['new ones pass', 'drop', [[state('new', 'established'), accept]], false],
    ['what is mapped passes', 'drop', [[match({ ct: { key: 'status' } }, 'dnat', 'in'), accept]], true],
    ['another bridge passes', 'drop', [[iifname('br-other'), accept]], true],
    ['one of several bridges', 'drop', [[iifname({ set: ['br-other', 'br-web'] }), accept]], false],
    ['this one passes', 'drop', [[iifname('br-web'), counter, accept]], false],
    ['bridges like it pass', 'drop', [[iifname('br-*'), accept]], false],
    ['all but this one pass', 'drop', [[iifname('br-web', '!='), accept]], true],
    ['what goes to it passes', 'drop', [[oifname('br-web'), accept]], true],
    ['what goes elsewhere may pass', 'drop', [[oifname('eth0'), accept]], false],
    ['names in a set that is not known', 'drop', [[iifname('@lans'), accept]], false],
    ['some addresses pass', 'drop', [[source, accept]], false],
    ['another chain decides', 'drop', [[{ jump: { target: 'more' } }]], false],
    ['a map decides', 'drop', [[{ vmap: { key: {}, data: {} } }]], false],
    [
      'reject at the end',
      'accept',
      [
        [state('established'), accept],
        [counter, reject],
      ],
      true,
    ],
    ['reject of some addresses', 'accept', [[source, reject]], false],
    ['drop of this bridge', 'accept', [[iifname('br-web'), drop]], true],
    ['accept of all before it', 'accept', [[accept], [reject]], false],
  ]
  test.each(cases)('%s', (_, policy, rules, refused) =>
    expect(refuses({ ...dropping, policy, rules }, 'br-web')).toBe(refused),
  )
})

describe('findings', () => {
  const cases: [name: string, more: Partial<Surroundings>, found: [weight: string, what: RegExp][]][] = [
    ['nothing', {}, []],
    [
      'a chain of others',
      { firewalls: { barriers: [dropping], mixed: false } },
      [['blocks', /'inet filter forward' drops .* \(policy drop\)/]],
    ],
    ['it, but nothing is routed', { routed: false, firewalls: { barriers: [dropping], mixed: false } }, []],
    [
      'firewalld',
      { firewalls: { barriers: [], mixed: false, zones: new Map([['eth0', 'public']]) } },
      [['blocks', /firewalld does not know 'br-web'/]],
    ],
    [
      'firewalld, which knows it',
      { firewalls: { barriers: [], mixed: false, zones: new Map([['br-web', 'trusted']]) } },
      [],
    ],
    [
      'firewalld and cables',
      { bridge: undefined, firewalls: { barriers: [], mixed: false, zones: new Map() } },
      [['blocks', /the cables/]],
    ],
    ['both iptables', { firewalls: { barriers: [], mixed: true } }, [['troubles', /both hold rules/]]],
    [
      'br_netfilter',
      { bridgeNf: [4, 6] },
      [['explains', /bridge-nf-call-iptables = 1, net.bridge.bridge-nf-call-ip6tables = 1/]],
    ],
    ['br_netfilter without a bridge', { bridgeNf: [4], bridge: undefined }, []],
  ]
  test.each(cases)('%s', (_, more, found) => {
    const all = findings({ ...quiet, ...more })
    expect(all.map(({ weight }) => weight)).toEqual(found.map(([weight]) => weight))
    for (const [n, [, what]] of found.entries()) {
      expect(all[n]!.what).toMatch(what)
      expect(inOneLine(all[n]!)).not.toContain('\n')
      expect(all[n]!.fix).not.toBe('')
      expect(all[n]!.thread).toMatch(/#\d+/)
    }
  })
  test('br_netfilter with a closed FORWARD names the table', () => {
    const [found] = findings({
      ...quiet,
      bridgeNf: [4],
      iptables: new Map([['iptables-nft filter', [':FORWARD DROP [0:0]']]]),
    })
    expect(found?.why).toContain('policy of FORWARD (iptables-nft filter)')
  })
})

test("firewalld's zones, as its rules have them", () => {
  const goto = (zone: string): NftStatement => ({ goto: { target: `filter_FWD_${zone}` } })
  const rules = [[iifname('br-web'), goto('trusted')], [source, goto('work')], [goto('public')]]
  expect(Object.fromEntries(zonesOf(rules))).toEqual({ 'br-web': 'trusted', '': 'public' })
})

test('whose default zone is trusted: nothing', () => {
  const zones = new Map([['', 'trusted']])
  expect(findings({ ...quiet, firewalls: { barriers: [], mixed: false, zones } })).toEqual([])
})
