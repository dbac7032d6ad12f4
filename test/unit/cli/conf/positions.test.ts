import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { placeOf, scan } from '../../../../src/cli/conf/positions.ts'

const text = `{
  "name": "web",
  "plugins": [
    { "type": "vethwork", "ipam": { "ranges": [[{ "subnet": "10.1.0.0/16" }]] } },
    true
  ]
}`

test.each([
  ['', 1, 1],
  ['name', 2, 3],
  ['plugins[0]', 4, 5],
  ['plugins[0].type', 4, 7],
  ['plugins[0].ipam.ranges[0][0].subnet', 4, 51],
  ['plugins[1]', 5, 5],
  // What is not there is looked for in what would hold it.
  ['plugins[0].ipam.ranges[0][0].gateway', 4, 49],
  ['plugins[0].master', 4, 5],
  ['plugins[7].type', 3, 3],
  ['nothing', 1, 1],
])('%s stands in line %i, column %i', (field, line, column) => {
  expect(placeOf(scan(text), field)).toEqual({ line, column })
})

test.each([
  ['', 1, 1, /a value is missing/],
  ['{ "a": 1,, }', 1, 10, /a name in double quotes/],
  ['{ "a": 1, }', 1, 11, /a comma too many/],
  ['[1, 2, ]', 1, 8, /a comma too many/],
  ["{ 'a': 1 }", 1, 3, /a name in double quotes/],
  ['{ "a" 1 }', 1, 7, /: after the name/],
  ['{\n  "a": 1\n  "b": 2\n}', 3, 3, /, or \} is missing/],
  ['{ "a": 01 }', 1, 9, /, or \} is missing/],
  ['{ "a": tru }', 1, 8, /a value is missing/],
  ['{} {}', 1, 4, /something follows/],
  ['{ "a": "x\ny" }', 1, 8, /a value is missing/],
])('%j is no JSON: line %i, column %i', (wrong, line, column, message) => {
  expect(scan(wrong).wrong).toEqual({ line, column, message: expect.stringMatching(message) })
})

test('a name that stands twice is told', () => {
  expect(scan('{ "a": 1, "b": { "c": 1, "c": 2 }, "a": 3 }').doubles).toEqual(['b.c', 'a'])
})

test('whatever JSON.stringify writes is read to its end, and nothing that JSON.parse refuses', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), (json, at) => {
      expect(scan(json).wrong).toBeUndefined()
      const cut = json.slice(0, at % (json.length + 1))
      const isJson = (() => {
        try {
          JSON.parse(cut)
          return true
        } catch {
          return false
        }
      })()
      expect(scan(cut).wrong === undefined).toBe(isJson)
    }),
  )
})
