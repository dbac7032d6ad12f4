// The fields of networks that leave the host: what is refused, and in which words.
import { describe, expect, test } from '@jest/globals'
import { parseConfig } from '../../../cni/config.ts'
import { refuseContradictions } from '../../../cni/contradictions.ts'
import { fitted } from '../../../src/networks/mtu.ts'
import { refusal } from './refusal.ts'
import { gre, master, vlan, vxlan, wrong } from './spanning-cases.ts'

const parse = (fields: object) =>
  parseConfig(JSON.stringify({ cniVersion: '1.1.0', name: 'web', type: 'vethwork', ...fields }))
const refused = (fields: object) =>
  refusal(() => {
    const { net, ipam } = parse(fields)
    refuseContradictions(net, ipam)
  })

describe('refused, with field, value and remedy', () => {
  for (const [name, [fields, says]] of Object.entries(wrong))
    test(name, () => {
      const error = refused(fields)
      expect(error).toMatchObject({ code: 7, message: expect.stringMatching(says) })
      expect(error?.details).not.toBe('')
    })
})

describe('taken', () => {
  const right: Readonly<Record<string, [fields: object, net: object]>> = {
    vlan: [vlan, { bridge: 'br-web', master, vlanId: 100 }],
    'vlanId 4094': [{ ...vlan, vlanId: 4094 }, { vlanId: 4094 }],
    'vxlan: port and learning': [vxlan, { port: 4789, learning: true, group: '', peers: [] }],
    'the largest vni': [{ ...vxlan, vni: 2 ** 24 - 1 }, { vni: 16777215 }],
    'addresses in one spelling': [
      { ...vxlan, peers: ['2001:DB8:0::2'], group: 'FF05:0::1' },
      { peers: ['2001:db8::2'], group: 'ff05::1' },
    ],
    'the largest key': [{ ...gre, key: 2 ** 32 - 1 }, { key: 4294967295 }],
    macvlan: [{ mode: 'macvlan', macvlanMode: 'vepa' }, { macvlanMode: 'vepa' }],
    'a trunk, once each': [
      { vlanTrunk: [{ id: 7 }, { minID: 5, maxID: 8 }] },
      { vlanTrunk: [5, 6, 7, 8], preserveDefaultVlan: true },
    ],
  }
  for (const [name, [fields, net]] of Object.entries(right))
    test(name, () => {
      expect(refused(fields)).toBeUndefined()
      expect(parse(fields).net).toMatchObject(net)
    })
})

describe('the MTU that fits, and this host’s own address', () => {
  const underlay = {
    name: 'eth1',
    mac: '52:54:00:12:34:56',
    mtu: 1500,
    addresses: ['192.0.2.1', '2001:db8::1'],
    drivers: [],
    kernel: '6.1.0',
  }
  const cases: [fields: object, mtu: number, local: string][] = [
    [{ mode: 'flat', master }, 1500, ''],
    [vlan, 1500, ''],
    [{ ...vxlan, group: '239.1.1.1' }, 1450, '192.0.2.1'],
    [{ ...vxlan, group: 'ff05::1' }, 1430, '2001:db8::1'],
    [{ ...vxlan, peers: ['192.0.2.2'] }, 1450, '192.0.2.1'],
    [{ ...vxlan, peers: ['2001:db8::2'] }, 1430, '2001:db8::1'],
    [{ ...vxlan, local: '2001:db8::1' }, 1430, '2001:db8::1'],
    [gre, 1458, '192.0.2.1'],
    [{ ...gre, peers: ['2001:db8::2'] }, 1438, '2001:db8::1'],
    [{ mode: 'macvlan', master }, 1500, ''],
  ]
  for (const [fields, mtu, local] of cases)
    test(`${JSON.stringify(fields)}: ${mtu}`, () => {
      expect(fitted(parse(fields).net, underlay)).toMatchObject({ mtu, local })
      const more = refusal(() => fitted(parse({ ...fields, mtu: mtu + 1 }).net, underlay))
      expect(more).toMatchObject({
        code: 7,
        message: expect.stringContaining(`mtu: ${mtu + 1}`),
        details: expect.stringContaining(`set it to ${mtu}`),
      })
      expect(fitted(parse({ ...fields, mtu: 1280 }).net, underlay).mtu).toBe(1280)
    })
})
