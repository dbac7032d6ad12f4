// The exact lines that each kind of network is made of: test/golden/plans, one file each.
// After a change that is meant: GOLDEN=write npx jest … plans.test.ts, and read the difference.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { batches } from '../../../src/plan/apply.ts'
import { kindOfOp } from '../../../src/plan/kinds/index.ts'
import { plan, type Step } from '../../../src/plan/plan.ts'
import { descriptions, virgin } from '../../helpers/descriptions.ts'

const file = (name: string) => new URL(`../../golden/plans/${name}.txt`, import.meta.url).pathname

/** As the tools get it: a heading for each process, a line for each op. */
const golden = (steps: readonly Step[]): string =>
  batches(steps)
    .map(({ tool, netns, ops }) =>
      [`# ${tool}, ${netns}`, ...ops.map(op => kindOfOp(op).line(op)), ''].join('\n'),
    )
    .join('\n')

test.each(Object.entries(descriptions))('%s', (name, desired) => {
  const text = golden(plan(desired, virgin))
  if (process.env.GOLDEN === 'write') writeFileSync(file(name), text)
  expect(text).toBe(existsSync(file(name)) ? readFileSync(file(name), 'utf8') : 'no such file')
})

test('each file is of a network that is tested', () => {
  const files = readdirSync(file('.').replace('..txt', ''))
  expect(files.sort()).toEqual(
    Object.keys(descriptions)
      .map(name => `${name}.txt`)
      .sort(),
  )
})
