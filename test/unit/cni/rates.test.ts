// Rates from the configuration and from the runtime, in every spelling that runtimes have.
import { describe, expect, test } from '@jest/globals'
import { parseConfig } from '../../../cni/config.ts'
import { refuseContradictions } from '../../../cni/contradictions.ts'
import { personalities } from '../../../cni/personality.ts'
import { refusal } from './refusal.ts'

const none = { ingressRate: 0, ingressBurst: 0, egressRate: 0, egressBurst: 0 }
const base = { cniVersion: '1.1.0', name: 'web', type: 'vethwork' }

/** Text, for JSON.stringify has no number as large as a runtime's. */
const parsed = (conf: string, runtime = '{}', personality = personalities.vethwork) =>
  parseConfig(
    `${JSON.stringify(base).slice(0, -1)}${conf && `,${conf}`}, "runtimeConfig": {"bandwidth": ${runtime}}}`,
    personality,
  )
const rates = (...given: Parameters<typeof parsed>) => parsed(...given).wants.rates

const conf = '"ingressRate": 1000, "ingressBurst": 2000'

describe('whose rates', () => {
  test('nobody’s', () => expect(rates('')).toEqual(none))
  test('the configuration’s', () =>
    expect(rates(conf)).toEqual({ ...none, ingressRate: 1000, ingressBurst: 2000 }))
  test('the runtime’s, rate and burst together', () =>
    expect(rates(conf, '{"ingressRate": 5000, "ingressBurst": 6000}')).toEqual({
      ...none,
      ingressRate: 5000,
      ingressBurst: 6000,
    }))
  test('of each direction', () =>
    expect(rates(conf, '{"egressRate": 5000, "egressBurst": 6000}')).toEqual({
      ingressRate: 1000,
      ingressBurst: 2000,
      egressRate: 5000,
      egressBurst: 6000,
    }))
  test('as containerd writes them: its own case, 0 for what is not set', () =>
    expect(
      rates(conf, '{"IngressRate": 0, "IngressBurst": 0, "EgressRate": 10000000, "EgressBurst": 4294967295}'),
    ).toEqual({
      ingressRate: 1000,
      ingressBurst: 2000,
      egressRate: 10_000_000,
      egressBurst: 4_294_967_295,
    }))
  test('null', () => expect(rates(conf, 'null').ingressRate).toBe(1000))
  test('as `bandwidth` the configuration’s are above the runtime’s', () =>
    expect(rates(conf, '{"ingressRate": 5000, "ingressBurst": 6000}', personalities.bandwidth)).toMatchObject(
      { ingressRate: 1000, ingressBurst: 2000 },
    ))
})

describe('large numbers', () => {
  test('the largest that has all its digits', () =>
    expect(rates('"egressRate": 9007199254740991, "egressBurst": 1').egressRate).toBe(9007199254740991))
  for (const rate of ['9007199254740993', '18446744073709551615'])
    test(`${rate} is no limit`, () =>
      expect(rates('', `{"EgressRate": ${rate}, "EgressBurst": ${rate}}`)).toEqual(none))
})

describe('refused', () => {
  const half: [given: string, says: RegExp][] = [
    ['"ingressRate": 1000', /^ingressRate: 1000 needs ingressBurst$/],
    ['"ingressBurst": 1000', /^ingressBurst: 1000 needs ingressRate$/],
    ['"egressRate": 1000, "egressBurst": 0', /^egressRate: 1000 needs egressBurst$/],
    [
      '"unshapedSubnets": ["10.0.0.0/8"], "shapedSubnets": ["fd00::/8"]',
      /^unshapedSubnets excludes shapedSubnets$/,
    ],
  ]
  test.each(half)('%s', (given, says) => {
    const { net, ipam, wants } = parsed(given)
    expect(refusal(() => refuseContradictions(net, ipam, wants))).toMatchObject({
      code: 7,
      message: expect.stringMatching(says),
    })
  })
  const wrong: [given: string, says: RegExp][] = [
    ['"ingressRate": -1', /^ingressRate: -1 must be a whole number/],
    ['"ingressRate": 1.5', /^ingressRate: 1.5 must be a whole number/],
    ['"ingressRate": "10M"', /^ingressRate: "10M" must be a number/],
    ['"unshapedSubnets": ["10.0.0.0/40"]', /^unshapedSubnets\[0\]: "10\.0\.0\.0\/40" /],
    ['"shapedSubnets": ["fd00::/8", "10.0.0.1"]', /^shapedSubnets\[1\]: "10\.0\.0\.1" /],
  ]
  test.each(wrong)('%s', (given, says) => {
    expect(refusal(() => parsed(given))).toMatchObject({ code: 7, message: expect.stringMatching(says) })
  })
})
