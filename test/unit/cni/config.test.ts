import { describe, expect, test } from '@jest/globals'
import { decode, parseConfig } from '../../../cni/config.ts'
import { refuseContradictions } from '../../../cni/contradictions.ts'
import { personalities } from '../../../cni/personality.ts'
import { refusal } from './refusal.ts'

const subnet = '10.44.0.0/24'
const minimal = { cniVersion: '1.1.0', name: 'web', type: 'vethwork' }
const parse = (more: object = {}, calledAs: keyof typeof personalities = 'vethwork') =>
  parseConfig(JSON.stringify({ ...minimal, ...more }), personalities[calledAs])

describe('stdin', () => {
  for (const text of ['', '{', 'nonsense', '{"a": 1,}', '\ufeff'])
    test(JSON.stringify(text), () => expect(refusal(() => decode(text))).toMatchObject({ code: 6 }))
  for (const text of ['[]', 'null', '7', '"a"', 'true'])
    test(text, () =>
      expect(refusal(() => decode(text))).toMatchObject({
        code: 6,
        message: expect.stringMatching(/object/),
      }),
    )
})

describe('what modes set where the configuration is silent', () => {
  const silent = {
    isGateway: false,
    isDefaultGateway: false,
    ipMasq: false,
    hairpinMode: false,
    mtu: 0,
    ipMasqBackend: 'nftables',
  }
  const cases: Record<string, { config: object; net: object }> = {
    'no mode: the reference': { config: {}, net: { ...silent, mode: 'bridge', bridge: 'cni0' } },
    nat: {
      config: { mode: 'nat', subnet },
      net: {
        ...silent,
        mode: 'nat',
        bridge: 'br-web',
        isGateway: true,
        isDefaultGateway: true,
        ipMasq: true,
        hairpinMode: true,
      },
    },
    local: { config: { mode: 'local' }, net: { ...silent, mode: 'local', bridge: 'br-web' } },
    'a default gateway is a gateway': { config: { isDefaultGateway: true }, net: { isGateway: true } },
    'what is said counts': {
      config: { mode: 'nat', subnet, ipMasq: false, bridge: 'br0', mtu: 1400 },
      net: { ipMasq: false, bridge: 'br0', mtu: 1400 },
    },
    'null is not said': { config: { mode: 'nat', subnet, ipMasq: null }, net: { ipMasq: true } },
    'a long name': {
      config: { mode: 'local', name: 'a'.repeat(40) },
      net: { bridge: expect.stringMatching(/^br-\w{12}$/) },
    },
  }
  for (const [name, { config, net }] of Object.entries(cases))
    test(name, () => expect(parse(config).net).toMatchObject(net))
})

describe('which IPAM', () => {
  const cases: Record<string, { config: object; ipam: object }> = {
    none: { config: {}, ipam: { kind: 'none' } },
    'an empty section': { config: { ipam: {} }, ipam: { kind: 'none' } },
    'a subnet': { config: { subnet }, ipam: { kind: 'ours', conf: { ranges: [[{ subnet }]] } } },
    'two subnets: one address of each': {
      config: { subnet: [subnet, 'fd00::/64'] },
      ipam: { kind: 'ours', conf: { ranges: [[{ subnet }], [{ subnet: 'fd00::/64' }]] } },
    },
    'a section without a type': { config: { ipam: { subnet } }, ipam: { kind: 'ours' } },
    ours: {
      config: { ipam: { type: 'vethwork-ipam', subnet, rangeStart: '10.44.0.9' } },
      ipam: { kind: 'ours', conf: { ranges: [[{ subnet, rangeStart: '10.44.0.9' }]] } },
    },
    'a delegate, whatever its fields': {
      config: { ipam: { type: 'static', addresses: [] } },
      ipam: { kind: 'delegate', type: 'static' },
    },
  }
  for (const [name, { config, ipam }] of Object.entries(cases))
    test(name, () => expect(parse(config).ipam).toMatchObject(ipam))

  test('called as an IPAM plugin: whatever fields the caller has', () => {
    const ipam = { type: 'host-local', subnet }
    expect(parse({ master: 'eth1', vlanId: 7, ipam }, 'vethwork-ipam').ipam).toMatchObject({
      kind: 'ours',
      conf: { ranges: [[{ subnet }]] },
    })
  })
})

describe('runtimeConfig', () => {
  const ipRanges = [[{ subnet: '10.45.0.0/24' }]]
  const cases: Record<string, { runtimeConfig: unknown; gives: object }> = {
    'as the conventions have it': {
      runtimeConfig: { mac: '02:00:00:00:00:01', ips: ['10.44.0.9'], ipRanges },
      gives: { mac: '02:00:00:00:00:01', ips: ['10.44.0.9'], ipRanges },
    },
    "in containerd's case": {
      runtimeConfig: {
        MAC: '02:00:00:00:00:01',
        Ips: ['10.44.0.9'],
        IPRanges: [[{ Subnet: '10.45.0.0/24', RangeStart: '' }]],
      },
      gives: { mac: '02:00:00:00:00:01', ips: ['10.44.0.9'], ipRanges },
    },
    'flat ranges': { runtimeConfig: { ipRanges: ipRanges[0] }, gives: { ipRanges } },
    nulls: {
      runtimeConfig: { mac: null, ips: null, ipRanges: [[{ subnet: '10.45.0.0/24', gateway: null }]] },
      gives: { ipRanges },
    },
    'null itself': { runtimeConfig: null, gives: {} },
  }
  for (const [name, { runtimeConfig, gives }] of Object.entries(cases))
    test(name, () => expect(parse({ runtimeConfig }).runtimeConfig).toEqual(gives))

  test('its ranges come first, as in host-local', () => {
    const { ipam } = parse({ subnet, runtimeConfig: { ipRanges } })
    expect(ipam).toMatchObject({ conf: { ranges: [[{ subnet: '10.45.0.0/24' }], [{ subnet }]] } })
  })
})

describe('contradictions', () => {
  const cases: Record<string, [config: object, says: RegExp]> = {
    'hairpin and promiscuous': [{ hairpinMode: true, promiscMode: true }, /hairpinMode.*promiscMode/],
    'addresses for no interface': [
      { disableContainerInterface: true, subnet },
      /disableContainerInterface.*ipam/,
    ],
    'nat without addresses': [{ mode: 'nat' }, /"nat" needs addresses/],
    'a local network with a gateway': [{ mode: 'local', isGateway: true }, /local.*isGateway/],
    'a local network that masquerades': [{ mode: 'local', ipMasq: true }, /local.*ipMasq/],
  }
  for (const [name, [config, says]] of Object.entries(cases))
    test(name, () => {
      const parsed = parse(config) // DEL must not be stuck with it
      expect(refusal(() => refuseContradictions(parsed.net, parsed.ipam))).toMatchObject({
        code: 7,
        message: expect.stringMatching(says),
      })
    })
})

describe('what is valid, for GC', () => {
  const one = { containerID: 'a', ifname: 'eth0' }
  const cases: Record<string, { config: object; valid: unknown }> = {
    missing: { config: {}, valid: undefined },
    null: { config: { 'cni.dev/valid-attachments': null }, valid: undefined },
    'an empty list': { config: { 'cni.dev/valid-attachments': [] }, valid: [] },
    'a list': { config: { 'cni.dev/valid-attachments': [one] }, valid: [one] },
    "libcni's earlier key": { config: { 'cni.dev/attachments': [one] }, valid: [one] },
  }
  for (const [name, { config, valid }] of Object.entries(cases))
    test(name, () => expect(parse(config).valid).toEqual(valid))
  for (const wrong of ['all', {}, [7], [{ containerID: 'a' }], [{ ...one, ifname: 7 }]])
    test(JSON.stringify(wrong), () =>
      expect(refusal(() => parse({ 'cni.dev/valid-attachments': wrong }))).toMatchObject({ code: 7 }),
    )
})

test('it is frozen, all the way down, and keeps its text', () => {
  const config = parse({ subnet, args: { cni: { ips: ['a'] } } })
  expect(() => Object.assign(config.net, { mtu: 1 })).toThrow(TypeError)
  expect(Object.isFrozen(config.args.ips)).toBe(true)
  const text = '{"cniVersion":"1.1.0","name":"web","ipam":{"type":"x","big":18446744073709551615}}'
  expect(parseConfig(text).text).toBe(text)
})
