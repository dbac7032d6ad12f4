import { describe, expect, test } from '@jest/globals'
import { callOf } from '../../../../cni/netavark/call.ts'
import { statusOf } from '../../../../cni/netavark/status.ts'
import { pluginExec } from '../../../../cni/schema/netavark.ts'
import { validate } from '../../../../cni/schema/validate.ts'
import { refusal } from '../refusal.ts'

const subnet = '10.89.7.0/24'
const call = (network: object, wish: object = {}, more: object = {}, published = false) => {
  const exec = validate(pluginExec, {
    container_id: 'c1',
    container_name: 'web-1',
    port_mappings: null,
    network: {
      name: 'web',
      id: '2f',
      driver: 'vethwork',
      subnets: [
        { subnet, gateway: '10.89.7.1', lease_range: { start_ip: '10.89.7.50', end_ip: '10.89.7.60' } },
      ],
      ...network,
    },
    network_options: { interface_name: 'eth0', aliases: null, static_ips: null, static_mac: null, ...wish },
    ...more,
  })
  const { request, text } = callOf('ADD', '/run/netns/c1', exec, { path: '/opt/cni/bin', published })
  return { request, json: JSON.parse(text) }
}
const web = { host_ip: '', host_port: 8080, container_port: 80, protocol: 'tcp', range: 1 }

test('who is called', () =>
  expect(call({}).request).toMatchObject({
    verb: 'ADD',
    containerId: 'c1',
    netns: '/run/netns/c1',
    ifname: 'eth0',
    path: ['/opt/cni/bin'],
  }))

describe('what one container wants', () => {
  const cases: Record<string, [wish: object, more: object, runtimeConfig: object]> = {
    nothing: [{}, {}, {}],
    'what podman leased': [{ static_ips: ['10.89.7.9'] }, {}, { ips: ['10.89.7.9'] }],
    'MAC and names': [
      { static_mac: 'aa:bb:cc:dd:aa:00', aliases: ['web', 'c1'] },
      {},
      { mac: 'aa:bb:cc:dd:aa:00', aliases: ['web', 'c1'] },
    ],
    ports: [
      {},
      {
        port_mappings: [
          web,
          { ...web, host_ip: '192.0.2.1', protocol: 'tcp,udp', host_port: 9000, range: 3 },
        ],
      },
      {
        portMappings: [
          { hostPort: 8080, containerPort: 80, protocol: 'tcp', range: 1 },
          { hostPort: 9000, containerPort: 80, protocol: 'tcp', range: 3, hostIP: '192.0.2.1' },
          { hostPort: 9000, containerPort: 80, protocol: 'udp', range: 3, hostIP: '192.0.2.1' },
        ],
      },
    ],
    'its own rate': [{ options: { ingressRate: '1000000' } }, {}, { bandwidth: { ingressRate: 1000000 } }],
  }
  for (const [name, [wish, more, runtimeConfig]] of Object.entries(cases))
    test(name, () => expect(call({}, wish, more).json.runtimeConfig).toEqual(runtimeConfig))

  const silent: Record<string, [network: object, published: boolean]> = {
    'internal networks': [{ internal: true }, false],
    macvlan: [{ options: { mode: 'macvlan', parent: 'eth1' } }, false],
    'a second network': [{}, true],
  }
  for (const [name, [network, published]] of Object.entries(silent))
    test(`${name} publish no ports`, () =>
      expect(call(network, {}, { port_mappings: [web] }, published).json.runtimeConfig).toEqual({}))

  test('lease_range is of addresses that podman did not choose: --ip may be beyond it', () => {
    const rangeOf = (wish: object) => call({}, wish).json.ipam.ranges[0][0]
    expect(rangeOf({})).toMatchObject({ rangeStart: '10.89.7.50', rangeEnd: '10.89.7.60' })
    expect(rangeOf({ static_ips: ['fd00::9'] })).toHaveProperty('rangeStart')
    expect(rangeOf({ static_ips: ['10.89.7.9'] })).toEqual({ subnet, gateway: '10.89.7.1' })
  })

  test('options of the network are not of a container', () =>
    expect(refusal(() => call({}, { options: { mode: 'nat', mtu: '9' } }))?.message).toBe(
      'the option mode, mtu is not one of a container',
    ))
  test('an interface without a sound name', () =>
    expect(refusal(() => call({}, { interface_name: 'a b' }))?.code).toBe(4))
})

describe('what podman gets to know', () => {
  const result = {
    interfaces: [
      { name: 'br-web' },
      { name: 'veth1' },
      { name: 'eth0', mac: '02:42:0a:59:07:09', sandbox: '/n' },
    ],
    ips: [{ address: '10.89.7.9/24', gateway: '10.89.7.1', interface: 2 }],
    routes: [],
    dns: { nameservers: ['9.9.9.9'], search: ['example.org'] },
  }
  const mac_address = '02:42:0a:59:07:09'
  const dns = { dns_server_ips: ['9.9.9.9'], dns_search_domains: ['example.org'] }
  test('its interface alone', () =>
    expect(statusOf(result, 'eth0', false)).toEqual({
      ...dns,
      interfaces: { eth0: { mac_address, subnets: [{ ipnet: '10.89.7.9/24', gateway: '10.89.7.1' }] } },
    }))
  test('internal: no gateway', () =>
    expect(statusOf(result, 'eth0', true).interfaces).toEqual({
      eth0: { mac_address, subnets: [{ ipnet: '10.89.7.9/24' }] },
    }))
  test('no addresses', () =>
    expect(statusOf({ ...result, ips: [], dns: {} }, 'eth0', false)).toEqual({
      dns_server_ips: [],
      dns_search_domains: [],
      interfaces: { eth0: { mac_address, subnets: [] } },
    }))
})
