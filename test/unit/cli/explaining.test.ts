import { expect, test } from '@jest/globals'
import { explainObject } from '../../../src/cli/explaining.ts'
import { attachmentsOf } from '../../../src/cli/subject.ts'
import { nothing } from '../../../src/plan/observed.ts'
import { plan } from '../../../src/plan/plan.ts'
import { nothingWanted } from '../../../src/services/wants.ts'
import { descriptions } from '../../helpers/descriptions.ts'

const all = Object.entries(descriptions)

test.each(all)('%s: every object says what, why, how, and what breaks without it', (_, desired) => {
  for (const one of desired) {
    const explained = explainObject(one, nothing)
    // A wait, a question, something that must be forgotten is no object; nor is what this host does not need.
    const isNone =
      ['arrival', 'probe', 'neigh', 'conntrack', 'hostport', 'unroute'].includes(one.kind) ||
      (one.kind !== 'takeover' && !plan([one], nothing).length)
    expect([one.kind, explained.length]).toEqual([one.kind, isNone ? 0 : 1])
    for (const { words, why, commands, without, state } of explained) {
      expect(words).toMatch(/^[a-z]/)
      expect(why).toBe(one.why)
      expect(without).not.toBe('')
      expect(`${words}${without}${commands}`).not.toMatch(/undefined|\[object|NaN/)
      expect(commands).toHaveLength(plan([one], nothing).length || 1)
      if (one.kind !== 'takeover') expect(state).toBe('missing')
    }
  }
})

test('no object of our modes is without words of its own', () => {
  const fallen = all.flatMap(([, desired]) =>
    desired.flatMap(one =>
      // Of what a configuration sets by name only its author knows what it is for.
      explainObject(one, nothing).filter(
        ({ without, why }) => without.startsWith('there is not') && why !== 'sysctl',
      ),
    ),
  )
  expect(fallen).toEqual([])
})

const seen = (containerId: string) =>
  ({
    owner: { network: 'web', containerId, ifname: 'eth0' },
    life: 'alive',
    addresses: [],
    wants: nothingWanted,
    records: [],
  }) as const
const some = [seen('3f2a9c'), seen('3f2b'), seen('3f2'), seen('web1')]

test.each([
  ['3f2a', ['3f2a9c']],
  ['web', ['web1']],
  // One whose ID is the beginning of another's.
  ['3f2', ['3f2']],
  ['nobody', []],
  ['', []],
])('%j means %j', (what, ids) => {
  expect(attachmentsOf(what, some).map(({ owner }) => owner.containerId)).toEqual(ids)
})

test('a beginning that several have is refused, with their names', () => {
  expect(() => attachmentsOf('3f', some)).toThrow(/'3f' is the beginning of 3 containers: 3f2a9c, 3f2b, 3f2/)
})
