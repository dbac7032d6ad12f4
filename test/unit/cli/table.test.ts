import { expect, test } from '@jest/globals'
import { table } from '../../../src/cli/table.ts'

const head = [['NAME'], ['ADDRESSES'], ['PORTS']]

test('cells of several lines stand in their columns; a column that is empty is left out', () => {
  expect(
    table(head, [
      [['web'], ['10.22.0.2/24', 'fd00:22::2/64'], []],
      [['db'], ['10.23.0.2/24'], ['']],
    ]),
  ).toBe(`NAME  ADDRESSES
web   10.22.0.2/24
      fd00:22::2/64
db    10.23.0.2/24`)
})

test.each([
  ['one column too wide', [['a'.repeat(200)], ['b'], ['c']]],
  ['two', [['a'.repeat(70)], ['b'.repeat(70)], ['c']]],
  ['all', [['a'.repeat(300)], ['b'.repeat(300)], ['c'.repeat(300)]]],
])('%s: 80 columns, and what was cut says so', (_, row) => {
  const lines = table(head, [row]).split('\n')
  expect(Math.max(...lines.map(line => line.length))).toBe(80)
  expect(lines[1]).toContain('…')
  expect(lines[1]).toMatch(/c$|…$/)
})

test('narrow columns are not cut for wide ones', () => {
  expect(table(head, [[['web'], ['x'.repeat(99)], ['80']]]).split('\n')[1]).toMatch(/^web {3}x+… {2}80$/)
})
