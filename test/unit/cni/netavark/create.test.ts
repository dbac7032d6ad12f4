import { describe, expect, test } from '@jest/globals'
import { create } from '../../../../cni/netavark/create.ts'
import { chooseSubnet } from '../../../../cni/netavark/freesubnet.ts'
import { podmanNetwork } from '../../../../cni/schema/netavark.ts'
import { validate } from '../../../../cni/schema/validate.ts'

const ula = 'fd12:3456:789a::/64'
const choose = (family: 4 | 6) => (family === 4 ? '10.89.0.0/24' : ula)
const made = (more: object) => {
  const network = { name: 'web', id: '2f', driver: 'vethwork', labels: { a: 'b' }, ...more }
  return create(validate(podmanNetwork, network), { used: async () => [], choose })
}

describe('completed', () => {
  const cases: Record<string, [asked: object, answered: object]> = {
    'a subnet, its gateway, a bridge; no server of names': [
      { dns_enabled: true },
      {
        name: 'web',
        id: '2f',
        driver: 'vethwork',
        labels: { a: 'b' },
        network_interface: 'br-web',
        subnets: [{ subnet: '10.89.0.0/24', gateway: '10.89.0.1' }],
        ipv6_enabled: false,
        dns_enabled: false,
        ipam_options: { driver: 'host-local' },
      },
    ],
    'IPv6 beside it': [
      { ipv6_enabled: true },
      {
        subnets: [{ subnet: '10.89.0.0/24' }, { subnet: ula, gateway: 'fd12:3456:789a::1' }],
        ipv6_enabled: true,
      },
    ],
    'IPv6 to a subnet of IPv4': [
      { ipv6_enabled: true, subnets: [{ subnet: '10.1.0.0/16', gateway: '10.1.0.9' }] },
      { subnets: [{ subnet: '10.1.0.0/16', gateway: '10.1.0.9' }, { subnet: ula }] },
    ],
    'what is there already': [
      { subnets: [{ subnet: 'fd00::/64' }], network_interface: 'br9' },
      {
        subnets: [{ subnet: 'fd00::/64', gateway: 'fd00::1' }],
        network_interface: 'br9',
        ipv6_enabled: true,
      },
    ],
    'name servers are kept': [
      { dns_enabled: true, network_dns_servers: ['9.9.9.9'] },
      { dns_enabled: true, network_dns_servers: ['9.9.9.9'] },
    ],
    'no addresses': [
      { ipam_options: { driver: 'none' }, options: { mode: 'local' } },
      { subnets: [], ipam_options: { driver: 'none' } },
    ],
    'what leads out': [
      { subnets: [{ subnet: '10.1.0.0/16' }], options: { mode: 'macvlan', parent: 'eth1' } },
      { network_interface: 'eth1' },
    ],
  }
  for (const [name, [asked, answered]] of Object.entries(cases))
    test(name, async () => expect(await made(asked)).toMatchObject(answered))
})

describe('refused', () => {
  const cases: [asked: object, says: RegExp][] = [
    [{ options: { mtus: '9' } }, /mtus: "9" is unknown; did you mean 'mtu'\?/],
    [{ options: { mode: 'mcvlan' } }, /mode: "mcvlan" must be one of/],
    [{ options: { mode: 'vxlan', vni: '1', master: 'eth1' } }, /subnets: mode "vxlan" needs one/],
    [{ options: { mode: 'vxlan', vni: '1' }, subnets: [{ subnet: '10.1.0.0/16' }] }, /needs master or local/],
    [{ ipam_options: { driver: 'none' } }, /mode: "nat" needs addresses/],
    [{ subnets: [{ subnet: '10.1.2.3/24' }] }, /10\.1\.2\.3\/24 has host bits/],
    [{ subnets: [{ subnet: 'home' }] }, /"home" is not of the form/],
    [{ subnets: [{ subnet: '10.1.0.0/16' }, { subnet: '10.1.2.0/24' }] }, /overlap/],
    [{ name: 'a/b' }, /no name of a network/],
  ]
  for (const [asked, says] of cases)
    test(JSON.stringify(asked), () => expect(made(asked)).rejects.toThrow(says))
})

describe('a subnet that is free', () => {
  const all = Array.from({ length: 256 - 89 }, (_, n) => `10.${n + 89}.0.0/16`)
  test("podman's first", () => expect(chooseSubnet(4, ['10.0.0.0/24'])).toBe('10.89.0.0/24'))
  test('not what is in use, whole or in part', () =>
    expect(chooseSubnet(4, ['10.89.0.0/24', '10.89.1.128/25', '10.89.2.0/23', 'fd00::/8'])).toBe(
      '10.89.4.0/24',
    ))
  test('all are in use', () => expect(() => chooseSubnet(4, all)).toThrow(/no subnet .* is free/))
  test('IPv6: another each time', () => {
    const [one, other] = [chooseSubnet(6, []), chooseSubnet(6, [])]
    for (const subnet of [one, other]) expect(subnet).toMatch(/^fd[\da-f]{2}:[\da-f:]+::\/64$/)
    expect(one).not.toBe(other)
  })
  test('IPv6: none', () => expect(() => chooseSubnet(6, ['fc00::/7'])).toThrow(/is free/))
})
