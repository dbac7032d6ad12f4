// A network's part of our nft tables: rules that add up, and chains that hold what is configured and no more.
import { describe, expect, test } from '@jest/globals'
import { element } from '../../../src/plan/kinds/element.ts'
import { type Ruleset, ruleset } from '../../../src/plan/kinds/ruleset.ts'
import { HOST } from '../../../src/plan/netns.ts'
import { nothing, type Observed } from '../../../src/plan/observed.ts'
import { FakeNft } from '../../helpers/fakenft.ts'

const table = 'bridge vethwork'
const common = { scope: 'network', netns: HOST, table, why: 'test' } as const
const web = (rules: string[], exact: boolean): Ruleset => ({
  ...common,
  kind: 'ruleset',
  network: 'web',
  suffix: '/web',
  sets: [],
  chains: [
    { name: 'to-a/web', rules: ['accept'], exact },
    { name: 'base/web', hook: 'type filter hook forward priority -190;', rules, exact },
  ],
})

const applied = (desired: Ruleset, before: Observed = nothing): Observed => {
  const nft = new FakeNft(before.tables)
  for (const { line } of ruleset.ensure(desired, before)) nft.act(line)
  return { ...nothing, tables: nft.tables() }
}
const lines = (desired: Ruleset, observed: Observed) =>
  ruleset.ensure(desired, observed).map(({ line }) => line)
const bodies = (all: readonly string[]) => all.map(line => line.replace(/ comment "[^"]*"$/, ''))

describe('a chain that is exact', () => {
  const base = `${table} base/web`
  test('as it is configured: nothing', () =>
    expect(lines(web(['one', 'two'], true), applied(web(['one', 'two'], true)))).toEqual([]))
  test.each([
    ['a rule more', ['one', 'two']],
    ['a rule less', []],
    ['another rule', ['two']],
  ])('%s: all of it anew', (_, rules) =>
    expect(bodies(lines(web(rules, true), applied(web(['one'], true))))).toEqual([
      `flush chain ${base}`,
      ...rules.map(rule => `add rule ${base} ${rule}`),
    ]),
  )
  test('another order', () =>
    expect(bodies(lines(web(['two', 'one'], true), applied(web(['one', 'two'], true))))).toEqual([
      `flush chain ${base}`,
      `add rule ${base} two`,
      `add rule ${base} one`,
    ]))
  test('somebody’s rule in it', () => {
    const was = applied(web(['one'], true))
    const chains = new Map([...was.tables.get(table)!.chains, ['base/web', ['', 'web x']]])
    const tables = new Map([[table, { chains, sets: new Map() }]])
    expect(lines(web(['one'], true), { ...nothing, tables })[0]).toBe(`flush chain ${base}`)
  })
  test('what was there before cannot be brought back, and what is led to stays', () => {
    const ops = ruleset.ensure(web(['two'], true), applied(web(['one'], true)))
    expect(ops.flatMap(ruleset.undo)).toEqual([])
  })
})

test('without that, what another container needed stays', () =>
  expect(bodies(lines(web(['two'], false), applied(web(['one'], false))))).toEqual([
    `add rule ${table} base/web two`,
  ]))

test('a chain goes before those that it leads to', () => {
  const was = applied(web(['jump to-a/web'], true))
  const others = new Map([...was.tables.get(table)!.chains, ['base/other', []]])
  const tables = new Map([[table, { chains: others, sets: new Map() }]])
  expect(ruleset.remove(web([], true), { ...nothing, tables }).map(({ line }) => line)).toEqual([
    `delete chain ${table} base/web`,
    `delete chain ${table} to-a/web`,
  ])
})

describe('a set that all networks share', () => {
  const holding = (...comments: string[]): Observed => ({
    ...nothing,
    tables: new Map([
      [
        table,
        {
          chains: new Map([['base/web', []]]),
          sets: new Map([['bridges', comments.map((comment, n) => ({ key: `br${n}`, comment }))]]),
        },
      ],
    ]),
  })
  const own = { ...common, kind: 'element', set: 'bridges', key: 'br0', comment: 'network/web' } as const

  test('what a network has in it goes with the network', () => {
    const gone = (observed: Observed) => ruleset.remove(web([], true), observed).map(({ line }) => line)
    expect(gone(holding('network/web', 'network/other'))).toEqual([
      `delete element ${table} bridges { br0 }`,
      `delete chain ${table} base/web`,
    ])
    expect(gone(holding('network/web'))).toEqual([`delete table ${table}`])
  })
  test('of two networks on one bridge either may have put it there', () =>
    expect(element.ensure(own, holding('network/other'))).toEqual([]))
  test('an interface’s name that nft would not understand', () =>
    expect(element.ensure({ ...own, key: '3veth@x . 10.0.0.1' }, holding())[0]?.line).toBe(
      `add element ${table} bridges { "3veth@x" . 10.0.0.1 comment "network/web" }`,
    ))
})
