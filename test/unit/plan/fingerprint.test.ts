// Names in the kernel and on disk are made of it: it must never change.
import { expect, test } from '@jest/globals'
import { fingerprint, hashBytes } from '../../../src/plan/fingerprint.ts'

/** http://www.isthe.com/chongo/tech/comp/fnv: 64-bit FNV-1a, as it is written there. */
const fnv1a64 = (text: string): bigint =>
  [...new TextEncoder().encode(text)].reduce(
    (hash, byte) => BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n),
    0xcbf29ce484222325n,
  )

const texts = ['', 'a', 'foobar', 'web/3f2a/eth0', 'ü/日本/🚢', '\0\uffff', 'x'.repeat(300)]

test.each(texts)('FNV-1a of %j', text => {
  expect(fingerprint(text, 13)).toBe(fnv1a64(text).toString(36).padStart(13, '0'))
})

test('vectors of the authors', () => {
  expect(fingerprint('', 13)).toBe(0xcbf29ce484222325n.toString(36))
  expect(fingerprint('a', 13)).toBe(0xaf63dc4c8601ec8cn.toString(36))
  expect(fingerprint('foobar', 13)).toBe(0x85944171f73967e8n.toString(36))
})

test('the end of it is what a short name keeps', () => {
  expect(fingerprint('web/3f2a/eth0')).toBe(fingerprint('web/3f2a/eth0', 13).slice(-8))
})

test('bytes of similar texts have nothing in common', () => {
  const [one, other] = [hashBytes('web/3f2a/eth0', 6), hashBytes('web/3f2a/eth1', 6)]
  expect(one).toHaveLength(6)
  expect(one.filter((byte, n) => byte === other[n]).length).toBeLessThan(3)
})
