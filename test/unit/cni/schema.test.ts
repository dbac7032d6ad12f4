import { describe, expect, test } from '@jest/globals'
import { isInterfaceName, isMac } from '../../../cni/schema/fields.ts'
import { ipam } from '../../../cni/schema/ipam.ts'
import { network } from '../../../cni/schema/network.ts'
import { validate } from '../../../cni/schema/validate.ts'
import { refusal } from './refusal.ts'

describe('names of interfaces', () => {
  for (const name of ['a', 'eth0', 'br-web', 'eth0.100', 'a_b', 'a@b', '0', '...', 'abcdefghijklmno'])
    test(name, () => expect(isInterfaceName(name)).toBe(true))
  for (const name of [
    '',
    '.',
    '..',
    'a/b',
    'a:b',
    'a b',
    'a\tb',
    'a\nb',
    '-a',
    'a%d',
    'a"b',
    "a'b",
    'a;b',
    'a#b',
    'a\\b',
    'a$b',
    'a*',
    'ä',
    'abcdefghijklmnop',
  ])
    test(`${JSON.stringify(name)} is none`, () => expect(isInterfaceName(name)).toBe(false))
})

describe('MAC addresses', () => {
  for (const mac of ['02:42:0a:16:00:02', 'C2:11:22:33:44:55', '00:00:00:00:00:00'])
    test(mac, () => expect(isMac(mac)).toBe(true))
  for (const mac of [
    '',
    '02:42',
    '02:42:0a:16:00:02:03',
    '02-42-0a-16-00-02',
    '01:00:5e:00:00:01',
    'ff:ff:ff:ff:ff:ff',
    '02:42:0a:16:00:0g',
    '02:42:0a:16:00:02\n',
  ])
    test(`${JSON.stringify(mac)} is none`, () => expect(isMac(mac)).toBe(false))
})

describe('a field that does not fit', () => {
  const cases: Record<string, { input: object; code: number; says: string }> = {
    'one letter wrong': {
      input: { isgateway: true },
      code: 2,
      says: "isgateway: true is unknown; did you mean 'isGateway'?",
    },
    'letters swapped': {
      input: { brigde: 'a' },
      code: 2,
      says: 'brigde: "a" is unknown; did you mean \'bridge\'?',
    },
    'a value that is long': {
      input: { brigde: 'x'.repeat(99) },
      code: 2,
      says: `brigde: "${'x'.repeat(76)}... is unknown; did you mean 'bridge'?`,
    },
    'of every object': { input: { toString: 1, valueOf: 2 }, code: 2, says: 'toString: 1 is unknown' },
    'a flag': { input: { ipMasq: 1 }, code: 7, says: 'ipMasq: 1 must be true or false' },
    'a list': { input: { cniVersions: 'a' }, code: 7, says: 'cniVersions: "a" must be a list' },
    'a list for an object': { input: { dns: [] }, code: 7, says: 'dns: [] must be an object' },
    'a list for an object of names': {
      input: { sysctl: [] },
      code: 7,
      says: 'sysctl: [] must be an object',
    },
    'text for an object': { input: { args: 'a' }, code: 7, says: 'args: "a" must be an object' },
    'deep down': { input: { dns: { search: ['a', 7] } }, code: 7, says: 'dns.search[1]: 7 must be a string' },
    'a field of dns': {
      input: { dns: { nameserver: [] } },
      code: 2,
      says: "dns.nameserver: [] is unknown; did you mean 'nameservers'?",
    },
    'a number too large': {
      input: { vlan: 4095 },
      code: 7,
      says: 'vlan: 4095 must be a whole number from 0 to 4094',
    },
    'a wrong one and an unknown one': { input: { vlan: -1, vlna: 1 }, code: 7, says: 'vlan: -1' },
  }
  for (const [name, { input, code, says }] of Object.entries(cases))
    test(name, () => {
      const error = refusal(() => validate(network, { name: 'a', ...input }))
      expect(error).toMatchObject({
        code,
        message: expect.stringContaining(says),
        details: expect.stringMatching(/\w/),
      })
    })

  test('the path begins where the input stands', () => {
    const error = refusal(() => validate(ipam, { ranges: [[{ subnet: 7 }]] }, 'ipam'))
    expect(error).toMatchObject({ code: 7, message: 'ipam.ranges[0][0].subnet: 7 must be a string' })
  })
})

test("somebody else's domain passes, and leniently everything that is unknown", () => {
  const input = { name: 'a', 'example.com/x': 1 }
  expect(validate(network, input)).toEqual(input)
  expect(validate(network, { name: 'a', unknown: 1 }, '', true)).toMatchObject({ name: 'a' })
  expect(refusal(() => validate(network, { name: 'a', unknown: 1, mtu: 'a' }, '', true))).toMatchObject({
    code: 7,
    message: expect.stringMatching(/^mtu/),
  })
})
