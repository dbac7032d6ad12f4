import { describe, expect, test } from '@jest/globals'
import { configurationOf } from '../../../../cni/netavark/configuration.ts'
import { podmanNetwork } from '../../../../cni/schema/netavark.ts'
import { validate } from '../../../../cni/schema/validate.ts'
import { refusal } from '../refusal.ts'

const subnet = '10.89.7.0/24'
const gateway = '10.89.7.1'
const six = { subnet: 'fd00:89:7::/64', gateway: 'fd00:89:7::1' }
const head = { cniVersion: '1.1.0', name: 'web', type: 'vethwork' }
const network = (more: object) =>
  validate(podmanNetwork, { name: 'web', id: '2f', driver: 'vethwork', ...more })
const ipam = (range: object, routes: object[] = []) => ({
  ipam: { type: 'vethwork-ipam', ranges: [[range]], routes },
})
const v4 = { subnets: [{ subnet, gateway }] }
const range = { subnet, gateway }

describe("podman's network, our configuration", () => {
  const cases: Record<string, [network: object, configuration: object]> = {
    'nothing said': [v4, { mode: 'nat', ...ipam(range) }],
    'null is not said': [
      { ...v4, network_interface: null, options: null, routes: null, ipam_options: null, internal: null },
      { mode: 'nat', ...ipam(range) },
    ],
    internal: [
      { ...v4, internal: true },
      { mode: 'local', ...ipam(range) },
    ],
    'its interface is the bridge': [
      { ...v4, network_interface: 'podman9' },
      { mode: 'nat', bridge: 'podman9', ...ipam(range) },
    ],
    'or what leads out': [
      { ...v4, network_interface: 'eth1', options: { mode: 'macvlan', macvlanMode: 'vepa' } },
      {
        mode: 'macvlan',
        master: 'eth1',
        macvlanMode: 'vepa',
        ...ipam(range, [{ dst: '0.0.0.0/0', gw: gateway }]),
      },
    ],
    "podman's own words": [
      { ...v4, options: { mode: 'macvlan', parent: 'eth1', bclim: '7', mtu: '1400', isolate: 'false' } },
      {
        mode: 'macvlan',
        master: 'eth1',
        bcqueuelen: 7,
        mtu: 1400,
        ...ipam(range, [{ dst: '0.0.0.0/0', gw: gateway }]),
      },
    ],
    isolate: [
      { ...v4, options: { isolate: 'strict' } },
      { mode: 'nat', ingressPolicy: 'same-bridge', ...ipam(range) },
    ],
    'a plain bridge is not shared': [
      { ...v4, options: { mode: 'bridge', vlan: '9', hairpinMode: '1' } },
      {
        bridge: 'br-web',
        vlan: 9,
        hairpinMode: true,
        ...ipam(range, [{ dst: '0.0.0.0/0', gw: gateway }]),
      },
    ],
    'numbers, lists, JSON': [
      {
        options: {
          mode: 'vxlan',
          vni: '42',
          master: 'eth1',
          peers: '192.0.2.1,192.0.2.2',
          sysctl: '{"net.ipv4.conf.IFNAME.arp_filter":"1"}',
        },
      },
      {
        mode: 'vxlan',
        vni: 42,
        master: 'eth1',
        peers: ['192.0.2.1', '192.0.2.2'],
        sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1' },
      },
    ],
    lease_range: [
      { subnets: [{ ...v4.subnets[0], lease_range: { start_ip: '10.89.7.20', end_ip: null } }] },
      { mode: 'nat', ...ipam({ ...range, rangeStart: '10.89.7.20' }) },
    ],
    'routes, with a metric': [
      { ...v4, routes: [{ destination: '10.1.0.0/16', gateway: '10.89.7.9', metric: 50 }] },
      { mode: 'nat', ...ipam(range, [{ dst: '10.1.0.0/16', gw: '10.89.7.9', priority: 50 }]) },
    ],
    'the default route with a metric': [
      { ...v4, options: { metric: '300' } },
      {
        mode: 'nat',
        isDefaultGateway: false,
        ...ipam(range, [{ dst: '0.0.0.0/0', gw: gateway, priority: 300 }]),
      },
    ],
    'no default route': [
      { ...v4, options: { no_default_route: 'true' } },
      { mode: 'nat', isDefaultGateway: false, ...ipam(range) },
    ],
    'a default route a family': [
      { subnets: [...v4.subnets, six], network_interface: 'eth1', options: { mode: 'flat' } },
      {
        mode: 'flat',
        master: 'eth1',
        ipam: {
          type: 'vethwork-ipam',
          ranges: [[range], [six]],
          routes: [
            { dst: '0.0.0.0/0', gw: gateway },
            { dst: '::/0', gw: six.gateway },
          ],
        },
      },
    ],
    dhcp: [
      { network_interface: 'eth1', options: { mode: 'macvlan' }, ipam_options: { driver: 'dhcp' } },
      { mode: 'macvlan', master: 'eth1', ipam: { type: 'dhcp' } },
    ],
    'no addresses': [{ options: { mode: 'local' }, ipam_options: { driver: 'none' } }, { mode: 'local' }],
    'name servers': [
      { ...v4, dns_enabled: true, network_dns_servers: ['9.9.9.9'] },
      { mode: 'nat', dns: { nameservers: ['9.9.9.9'] }, ...ipam(range) },
    ],
  }
  for (const [name, [given, expected]] of Object.entries(cases))
    test(name, () => expect(configurationOf(network(given))).toEqual({ ...head, ...expected }))
})

describe('refused', () => {
  const cases: [options: object, says: RegExp][] = [
    [{ subnet: '10.0.0.0/8' }, /^option subnet: "10.0.0.0\/8" is no option: it is given by --subnet$/],
    [{ runtimeConfig: '{}' }, /^option runtimeConfig: /],
    [{ mode: 'chained' }, /^option mode: "chained" has no meaning for podman$/],
    [{ mtu: '1400 ' }, /^option mtu: "1400 " must be a whole number$/],
    [{ hairpinMode: 'yes' }, /^option hairpinMode: "yes" must be true or false$/],
    [{ isolate: 'maybe' }, /^option isolate: "maybe" must be true or false$/],
    [{ sysctl: '{' }, /^option sysctl: "{" must be JSON/],
  ]
  for (const [options, says] of cases)
    test(JSON.stringify(options), () =>
      expect(refusal(() => configurationOf(network({ ...v4, options })))?.message).toMatch(says),
    )
  test('internal, and by NAT to the outside', () =>
    expect(
      refusal(() => configurationOf(network({ ...v4, internal: true, options: { mode: 'nat' } }))),
    ).toMatchObject({ code: 7, message: 'internal: true excludes the option mode "nat"' }))
  test('what podman did not send', () =>
    expect(refusal(() => validate(podmanNetwork, { name: 'web' }))?.message).toBe(
      'id: is missing; driver: is missing',
    ))
})
