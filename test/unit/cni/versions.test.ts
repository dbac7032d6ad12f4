import { expect, test } from '@jest/globals'
import { isAtLeast, parseVersion, refuseTooOld, supportedVersions } from '../../../cni/versions.ts'

test('all seven versions of the specification', () => {
  expect(supportedVersions).toEqual(['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'])
  for (const version of supportedVersions) expect(parseVersion(version)).toBe(version)
})

test('none is 0.1.0', () => {
  expect(parseVersion(undefined)).toBe('0.1.0')
  expect(parseVersion('')).toBe('0.1.0')
})

test.each(['1.2.0', '0.3', 'v1.0.0', '1.0.0 ', 1, {}, []])('%j is refused, and named', text => {
  expect(() => parseVersion(text)).toThrow(
    expect.objectContaining({
      code: 1,
      message: `cniVersion ${JSON.stringify(text)} is not supported`,
      details: expect.stringContaining('1.1.0'),
    }),
  )
})

test('older and newer', () => {
  expect(isAtLeast('0.3.1', '0.3.0')).toBe(true)
  expect(isAtLeast('0.3.0', '0.3.0')).toBe(true)
  expect(isAtLeast('0.2.0', '0.3.0')).toBe(false)
  expect(isAtLeast('1.1.0', '0.4.0')).toBe(true)
})

test.each([
  ['ADD', '0.1.0'],
  ['DEL', '0.1.0'],
  ['VERSION', '0.1.0'],
  ['CHECK', '0.4.0'],
  ['GC', '1.1.0'],
  ['STATUS', '1.1.0'],
] as const)('%s came with %s', (verb, first) => {
  for (const version of supportedVersions) {
    const ask = () => refuseTooOld(verb, version)
    if (isAtLeast(version, first)) expect(ask).not.toThrow()
    else
      expect(ask).toThrow(
        expect.objectContaining({ code: 1, message: `cniVersion ${version} has no ${verb}` }),
      )
  }
})
