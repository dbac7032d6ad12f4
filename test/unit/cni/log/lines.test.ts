import { describe, expect, test } from '@jest/globals'
import { CniError } from '../../../../cni/errors.ts'
import { has, headOf, outcomeOf, rounded, stepOf } from '../../../../cni/log/lines.ts'
import { levels } from '../../../../cni/schema/logging.ts'
import { encodeEntry } from '../../../../src/linux/journal.ts'
import type { Op } from '../../../../src/plan/kinds/index.ts'

test.each([
  ['error', ['error']],
  ['warn', ['error', 'warn']],
  ['info', ['error', 'warn', 'info']],
  ['debug', ['error', 'warn', 'info', 'debug']],
] as const)('a log of level %s has %j', (limit, lines) =>
  expect(levels.filter(level => has(limit, level))).toEqual(lines),
)

describe('the head', () => {
  const request = {
    verb: 'ADD',
    containerId: 'c1',
    netns: '/n',
    ifname: 'eth0',
    args: {},
    path: [],
    netnsOverride: false,
  } as const
  const span = { traceId: 'a', spanId: 'b' }
  test('of a container', () =>
    expect(headOf(request, 'web', 'vethwork', span)).toEqual({
      verb: 'ADD',
      network: 'web',
      containerId: 'c1',
      ifName: 'eth0',
      plugin: 'vethwork',
      ...span,
    }))
  test('of none, and of a configuration without a name', () =>
    expect(headOf({ ...request, verb: 'GC' }, 7, 'bridge', span)).toEqual({
      verb: 'GC',
      plugin: 'bridge',
      ...span,
    }))
})

describe('a step', () => {
  const ops: Op[] = [
    { op: 'addr.add', netns: 'host', dev: 'br-web', address: '10.1.0.1/24' } as unknown as Op,
    { op: 'sysctl.set', netns: 'host', key: 'net/ipv4/ip_forward', value: '1' } as unknown as Op,
  ]
  const words = 'give br-web the address 10.1.0.1/24; set net.ipv4.ip_forward to 1'
  test('by its name', () => expect(stepOf('leased', [], 'debug')).toEqual({ step: 'leased' }))
  test('of the plan, in its words', () => expect(stepOf('batch', ops, 'info')).toEqual({ step: words }))
  test('with its commands', () =>
    expect(stepOf('batch', ops, 'debug')).toEqual({
      step: words,
      commands: [
        expect.stringMatching(/ip addr add/),
        expect.stringMatching(/sysctl -w net.ipv4.ip_forward=1/),
      ],
    }))
})

test.each<[unknown, object]>([
  [undefined, { outcome: 'done' }],
  [new CniError(7, 'a', 'b'), { outcome: 'failed', code: 7, error: 'a', details: 'b' }],
  [new CniError(7, 'a'), { outcome: 'failed', code: 7, error: 'a' }],
  [new TypeError('x is not'), { outcome: 'failed', code: 199, error: 'unexpected: x is not' }],
])('what became of it: %s', (failure, line) => expect(outcomeOf(failure)).toEqual(line))

test('milliseconds', () => expect(rounded(1.23456)).toBe(1.235))

test("an entry of systemd's journal", () => {
  expect(encodeEntry({ MESSAGE: 'a=b', PRIORITY: 6 }).toString()).toBe('MESSAGE=a=b\nPRIORITY=6\n')
  expect(encodeEntry({ MESSAGE: 'a\nb' })).toEqual(Buffer.from('MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\n'))
})
