import { expect, test } from '@jest/globals'
import { harmless, hasColour, tinted } from '../../../src/cli/terminal.ts'
import { ago, portWords, ratesWords, shortId } from '../../../src/cli/words.ts'

const now = Date.parse('2026-11-20T12:00:00Z')
test.each([
  ['2026-11-20T12:00:00Z', '0 s'],
  ['2026-11-20T11:59:01Z', '59 s'],
  ['2026-11-20T11:59:00Z', '1 min'],
  ['2026-11-20T11:00:01Z', '59 min'],
  ['2026-11-20T11:00:00Z', '1 h'],
  ['2026-11-18T12:00:00Z', '2 d'],
  // A clock that was set back.
  ['2026-11-20T12:00:09Z', '0 s'],
])('since %s: %s', (since, words) => {
  expect(ago(since, now)).toBe(words)
})

const rates = { ingressRate: 0, ingressBurst: 0, egressRate: 0, egressBurst: 0 }
test.each([
  [{}, ''],
  [{ ingressRate: 10_000_000 }, 'in 10M'],
  [{ ingressRate: 1_500_000_000, egressRate: 64_000 }, 'in 1.5G out 64k'],
  [{ egressRate: 999 }, 'out 999'],
])('rates %j: %j', (some, words) => {
  expect(ratesWords({ ...rates, ...some })).toBe(words)
})

test.each([
  ['', '8080→80/tcp'],
  ['192.0.2.1', '192.0.2.1:8080→80/tcp'],
  ['2001:db8::1', '[2001:db8::1]:8080→80/tcp'],
])('a port of %j: %s', (hostIP, words) => {
  expect(portWords({ hostIP, hostPort: 8080, containerPort: 80, protocol: 'tcp', range: 1 })).toBe(words)
})

test('hexadecimal IDs are cut, names that people gave are not', () => {
  expect(shortId('3f2a9c1d0b7e55aa')).toBe('3f2a9c1d0b7e')
  expect(shortId('web-frontend-production')).toBe('web-frontend-production')
})

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [true, { TERM: 'dumb' }, false],
])('a terminal: %s, environment %j: colour %s', (isTTY, env, expected) => {
  expect(hasColour({ isTTY }, env)).toBe(expected)
})

test('colours add nothing but colours', () => {
  const text = 'CONTAINER  STATE\n3f2a alive\n4b gone\n    why: ipMasq'
  const coloured = tinted(text)
  expect(coloured).toContain('\x1b[32malive')
  expect(coloured).toContain('\x1b[31mgone')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are
  expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(text)
})

test.each([
  ['sleep', 'sleep'],
  ['a\tb\nc — ä┌─', 'a\tb\nc — ä┌─'],
  ['x\x1b[2J\x1b]0;y\x07\r', 'x?[2J?]0;y??'],
  ['\x9b31m\x7f\0', '?31m??'],
])('what others are called is shown, not obeyed: %j', (text, shown) => {
  expect(harmless(text)).toBe(shown)
})
