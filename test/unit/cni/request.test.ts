import { describe, expect, test } from '@jest/globals'
import { isCniName, parseRequest, verbs } from '../../../cni/request.ts'
import { refusal } from './refusal.ts'

const env = {
  CNI_COMMAND: 'ADD',
  CNI_CONTAINERID: 'abc',
  CNI_NETNS: '/run/netns/a',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin:/usr/lib/cni',
}

test('a whole request', () => {
  expect(parseRequest({ ...env, CNI_ARGS: 'IP=10.0.0.1;MAC=02:00:00:00:00:01;K8S_POD_NAME=a' })).toEqual({
    verb: 'ADD',
    containerId: 'abc',
    netns: '/run/netns/a',
    ifname: 'eth0',
    args: { IP: '10.0.0.1', MAC: '02:00:00:00:00:01', K8S_POD_NAME: 'a' },
    path: ['/opt/cni/bin', '/usr/lib/cni'],
    netnsOverride: false,
  })
})

describe('CNI_NETNS_OVERRIDE', () => {
  for (const [value, allowed] of Object.entries({
    1: true,
    true: true,
    TRUE: true,
    0: false,
    false: false,
    '': false,
    yes: false,
  }))
    test(`'${value}'`, () =>
      expect(parseRequest({ ...env, CNI_NETNS_OVERRIDE: value }).netnsOverride).toBe(allowed))
})

describe('every verb is known, and nothing else', () => {
  for (const verb of verbs)
    test(verb, () => expect(parseRequest({ ...env, CNI_COMMAND: verb }).verb).toBe(verb))
  for (const verb of ['', 'add', 'ADD ', 'toString', 'UPDATE'])
    test(`'${verb}'`, () =>
      expect(refusal(() => parseRequest({ ...env, CNI_COMMAND: verb }))).toMatchObject({
        code: 4,
        message: expect.stringContaining(`'${verb}'`),
      }))
})

describe('names of containers and networks', () => {
  for (const name of ['a', '0', 'A.b_c-d', 'a'.repeat(300)])
    test(name.slice(0, 9), () => expect(isCniName(name)).toBe(true))
  for (const name of ['', '-a', '.a', '_a', 'a/b', 'a b', 'a\n', 'a;b', 'ä', 'a\0', '..'])
    test(JSON.stringify(name), () => expect(isCniName(name)).toBe(false))
})

describe('variables that are wrong', () => {
  const cases: [string, string][] = [
    ['CNI_CONTAINERID', '../a'],
    ['CNI_CONTAINERID', 'a\nb'],
    ['CNI_NETNS', 'a'],
    ['CNI_NETNS', '/run/netns/a b'],
    ['CNI_NETNS', '/run/netns/a"b'],
    ['CNI_NETNS', '/run/netns/a#b'],
    ['CNI_NETNS', '/run/netns/a\\b'],
    ['CNI_IFNAME', '.'],
    ['CNI_IFNAME', '..'],
    ['CNI_IFNAME', 'a/b'],
    ['CNI_IFNAME', 'a:b'],
    ['CNI_IFNAME', 'a b'],
    ['CNI_IFNAME', 'a%d'],
    ['CNI_IFNAME', 'a"b'],
    ['CNI_IFNAME', '-a'],
    ['CNI_IFNAME', 'abcdefghijklmnop'],
    ['CNI_IFNAME', 'ääääääää'],
  ]
  for (const [name, value] of cases)
    test(`${name}=${JSON.stringify(value)}`, () =>
      expect(refusal(() => parseRequest({ ...env, [name]: value }))).toMatchObject({
        code: 4,
        message: expect.stringContaining(`${name} '${value}'`),
      }))

  test('all are named at once', () => {
    const { message = '' } = refusal(() => parseRequest({ CNI_COMMAND: 'ADD', CNI_IFNAME: '/' })) ?? {}
    for (const name of ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'])
      expect(message).toContain(name)
  })

  test('what a verb does not need is not looked at', () => {
    for (const CNI_COMMAND of ['VERSION', 'STATUS', 'GC'])
      expect(parseRequest({ CNI_COMMAND, CNI_NETNS: 'dummy', CNI_IFNAME: '/', CNI_PATH: '/a' }).verb).toBe(
        CNI_COMMAND,
      )
  })
})

describe('CNI_ARGS', () => {
  const good: Record<string, object> = {
    '': {},
    ';;': {},
    'IP=10.0.0.1': { IP: '10.0.0.1' },
    'IP=10.0.0.1;': { IP: '10.0.0.1' },
    'IP=': { IP: '' },
    'IgnoreUnknown=1;COLOUR=red=blue': { IgnoreUnknown: '1', COLOUR: 'red=blue' },
    'COLOUR=red;IgnoreUnknown=true': { IgnoreUnknown: 'true', COLOUR: 'red' },
  }
  for (const [text, args] of Object.entries(good))
    test(`'${text}'`, () => expect(parseRequest({ ...env, CNI_ARGS: text }).args).toEqual(args))

  const bad: Record<string, RegExp> = {
    IP: /'IP' is not KEY=VALUE/,
    '=1': /'=1' is not KEY=VALUE/,
    'COLOUR=red;TASTE=sweet': /COLOUR, TASTE/,
    'IgnoreUnknown=0;COLOUR=red': /COLOUR/,
    'MAC=01:00:00:00:00:00': /MAC '01:00:00:00:00:00' is not a unicast/,
    'MAC=02-00-00-00-00-00': /MAC/,
  }
  for (const [text, says] of Object.entries(bad))
    test(`'${text}' is refused`, () =>
      expect(refusal(() => parseRequest({ ...env, CNI_ARGS: text }))).toMatchObject({
        code: 4,
        message: expect.stringMatching(says),
      }))
})
