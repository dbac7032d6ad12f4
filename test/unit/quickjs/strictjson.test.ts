import { expect, test } from '@jest/globals'
import { isStrictJson } from '../../../src/quickjs/strictjson.ts'

test.each([
  '{}',
  '{"prevResult":{"interfaces":[{"mac":"02:42:0a:01:00:02","sandbox":"/run/netns/a"}]}}',
  '{"args":"at 00:01:02, -01 and 1. or [07","path":"C:\\\\new \\"01\\" \\u00e9"}',
  '{ "numbers": [0, -0, 0.5, 10, -1.25e-07, 1e05, 100.0] }',
  ' \n\t{"a" : 0 }\r\n',
])('JSON: %s', text => expect(isStrictJson(text)).toBe(true))

// Node refuses them, QuickJS does not.
test.each(['{"a":01}', '[1.]', '[-01]', '01', '{"a": 00}', '["\\x41"]', '["\\v"]', '["\\u12"]', "{'a':1}"])(
  'none: %s',
  text => {
    expect(isStrictJson(text)).toBe(false)
    const { parse } = JSON
    // As QuickJS: whatever it is, it is read.
    JSON.parse = () => ({})
    try {
      expect(isStrictJson(text)).toBe(text.startsWith("{'"))
    } finally {
      JSON.parse = parse
    }
  },
)

test.each([`[${'['.repeat(3000)}`, `${'['.repeat(3000)}${']'.repeat(3000)}`, `"${'\\n'.repeat(3000)}"`])(
  'too much of it',
  text => expect(isStrictJson(text)).toBe(false),
)

test('one long string', () => expect(isStrictJson(`"${'0:01 '.repeat(1_000_000)}"`)).toBe(true))
