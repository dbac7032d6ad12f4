// Behind another plugin: prevResult of every version is kept, and shows what was changed.
import { expect, test } from '@jest/globals'
import { inTerms, tuned } from '../../../cni/chained.ts'
import { parseConfig } from '../../../cni/config.ts'
import { personalities } from '../../../cni/personality.ts'
import { dnsOf, ofInterface, type Result, renderResult } from '../../../cni/result.ts'
import { isAtLeast, supportedVersions } from '../../../cni/versions.ts'
import { nothingWanted } from '../../../src/services/wants.ts'

const sandbox = '/run/netns/c1'
const before: Result = {
  interfaces: [
    { name: 'br0', mac: '02:00:00:00:00:01', mtu: 1500 },
    { name: 'eth0', mac: '02:00:00:00:00:09', mtu: 1500 },
    { name: 'eth0', mac: '02:00:00:00:00:02', mtu: 1500, sandbox },
    { name: 'eth1', mac: '02:00:00:00:00:03', mtu: 1500, sandbox },
  ],
  ips: [
    { address: '10.1.0.2/24', gateway: '10.1.0.1', interface: 2 },
    { address: 'fd00::2/64', interface: 2 },
  ],
  routes: [{ dst: '0.0.0.0/0', gw: '10.1.0.1' }, { dst: '192.0.2.0/24' }],
  dns: { nameservers: ['192.0.2.53'], domain: 'ipam.example' },
}
const attachment = {
  owner: { network: 'web', containerId: 'c1', ifname: 'eth0' },
  mac: 'c2:11:22:33:44:55',
  wants: nothingWanted,
}
const json = (value: object) => JSON.parse(JSON.stringify(value))
const configured = (cniVersion: string, more: object = {}) => {
  const prevResult = renderResult(before, cniVersion as never)
  const text = JSON.stringify({ cniVersion, name: 'web', type: 'tuning', mtu: 1400, prevResult, ...more })
  return parseConfig(text, personalities.tuning)
}

test.each(supportedVersions)('%s', version => {
  const config = configured(version)
  const result = json(renderResult(tuned(config, attachment, inTerms(config.net, attachment)), version))
  const expected = json(renderResult(before, version))
  if (isAtLeast(version, '0.3.0')) {
    expected.interfaces[2].mac = attachment.mac
    if (version === '1.1.0') expected.interfaces[2].mtu = 1400
  }
  expect(result).toEqual(expected)
})

test('nothing that was not asked for', () => {
  const config = configured('1.1.0', { mtu: 0 })
  const { mac: _, ...plain } = attachment
  expect(json(renderResult(tuned(config, plain, inTerms(config.net, plain)), '1.1.0'))).toEqual(
    json(renderResult(before, '1.1.0')),
  )
})

test('what is of one interface', () => {
  const ips = [...before.ips, { address: '10.9.0.2/24', interface: 3 }, { address: '10.8.0.2/24' }]
  const own = ofInterface({ ...before, ips }, 'eth0')
  expect(own.ips.map(({ address }) => address)).toEqual(['10.1.0.2/24', 'fd00::2/64', '10.8.0.2/24'])
  expect(own.interfaces).toEqual([before.interfaces[2]])
})

test.each<[string, Record<string, unknown>, object, object]>([
  ['IPAM’s', {}, {}, before.dns],
  ['the configuration’s, as a whole', { domain: 'x' }, {}, { domain: 'x' }],
  [
    'the runtime’s above IPAM’s',
    {},
    { servers: ['192.0.2.1'] },
    { nameservers: ['192.0.2.1'], domain: 'ipam.example' },
  ],
  [
    'the runtime’s above the configuration’s',
    { domain: 'x', search: ['y'] },
    { searches: ['z'], options: ['o'], servers: [] },
    { domain: 'x', search: ['z'], options: ['o'] },
  ],
])('DNS: %s', (_, dns, runtime, expected) => {
  expect(dnsOf({ dns, runtimeConfig: { dns: runtime } }, before.dns)).toEqual(expected)
})

test('args.cni is above the configuration of tuning, and of nobody else', () => {
  const args = { cni: { mtu: 1300, promisc: true, sysctl: { 'net.ipv4.ip_forward': '1' } } }
  const sysctl = { 'net.ipv4.ip_forward': '0', 'net.ipv4.ip_default_ttl': '9' }
  expect(configured('1.0.0', { args, sysctl }).net).toMatchObject({
    mtu: 1300,
    promisc: true,
    sysctl: { 'net.ipv4.ip_forward': '1', 'net.ipv4.ip_default_ttl': '9' },
  })
  const text = JSON.stringify({ cniVersion: '1.0.0', name: 'web', args, sysctl })
  expect(parseConfig(text).net).toMatchObject({ mtu: 0, promisc: false, sysctl })
})
