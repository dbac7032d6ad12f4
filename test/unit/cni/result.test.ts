// Results in the shape of each of the seven versions (specification, section 5 and its upgrade tables).
import { describe, expect, test } from '@jest/globals'
import { extend, parseResult, type Result, renderResult, toLease } from '../../../cni/result.ts'
import { supportedVersions, type Version } from '../../../cni/versions.ts'

const dns = { nameservers: ['192.0.2.53'], search: ['example.com'] }
const sandbox = '/run/netns/c1'
const result: Result = {
  interfaces: [
    { name: 'br0', mac: '02:00:00:00:00:01', mtu: 1450 },
    { name: 'veth1', mac: 'fe:00:00:00:00:01', mtu: 1450 },
    { name: 'eth0', mac: '02:00:00:00:00:02', mtu: 1450, sandbox },
  ],
  ips: [
    { address: '10.1.0.2/24', gateway: '10.1.0.1', interface: 2 },
    { address: '10.2.0.2/24', interface: 2 },
    { address: 'fd00::2/64', gateway: 'fd00::1', interface: 2 },
  ],
  routes: [
    { dst: '0.0.0.0/0', gw: '10.1.0.1', mtu: 1400, advmss: 1360, priority: 9, table: 7, scope: 0 },
    { dst: '::/0' },
  ],
  dns,
}

const old = {
  ip4: { ip: '10.1.0.2/24', gateway: '10.1.0.1', routes: [{ dst: '0.0.0.0/0', gw: '10.1.0.1' }] },
  ip6: { ip: 'fd00::2/64', gateway: 'fd00::1', routes: [{ dst: '::/0' }] },
  dns,
}
const interfaces = result.interfaces.map(({ name, mac, sandbox }) => ({
  name,
  mac,
  ...(sandbox ? { sandbox } : {}),
}))
const routes = [{ dst: '0.0.0.0/0', gw: '10.1.0.1' }, { dst: '::/0' }]
const withFamily = result.ips.map(ip => ({ version: ip.address.includes(':') ? '6' : '4', ...ip }))

const shapes: Record<Version, object> = {
  '0.1.0': old,
  '0.2.0': old,
  '0.3.0': { interfaces, ips: withFamily, routes, dns },
  '0.3.1': { interfaces, ips: withFamily, routes, dns },
  '0.4.0': { interfaces, ips: withFamily, routes, dns },
  '1.0.0': { interfaces, ips: result.ips, routes, dns },
  '1.1.0': { ...result },
}

const json = (value: object) => JSON.parse(JSON.stringify(value))

describe.each(supportedVersions)('%s', version => {
  test('rendered', () => {
    expect(json(renderResult(result, version))).toEqual({ cniVersion: version, ...shapes[version] })
  })

  test('nothing to say is left out', () => {
    const empty = { interfaces: [], ips: [], routes: [], dns: {} }
    expect(json(renderResult(empty, version))).toEqual({ cniVersion: version, dns: {} })
  })

  test('read back, and rendered again, it is the same', () => {
    const rendered = json(renderResult(result, version))
    expect(json(renderResult(parseResult(rendered, 'prevResult'), version))).toEqual(rendered)
  })
})

test('the newest shape survives as it is', () => {
  expect(json(parseResult(json(renderResult(result, '1.1.0')), 'prevResult'))).toEqual(json(result))
})

test('a delegate’s answer without a version is of the configuration’s', () => {
  expect(parseResult({ ip4: { ip: '10.1.0.2/24' } }, 'ipam', '0.2.0').ips).toEqual([
    { address: '10.1.0.2/24' },
  ])
  expect(parseResult({ ips: [{ address: '10.1.0.2/24' }] }, 'ipam', '1.0.0').ips).toEqual([
    { address: '10.1.0.2/24' },
  ])
})

test.each([
  ['no object', []],
  ['text', 'x'],
  ['ips', { cniVersion: '1.0.0', ips: {} }],
  ['an address', { cniVersion: '1.0.0', ips: [{ address: 7 }] }],
  ['interfaces', { cniVersion: '1.0.0', interfaces: 'eth0' }],
  ['routes', { cniVersion: '1.0.0', routes: [1] }],
])('%s that is not as the specification has it is refused', (_, bad) => {
  expect(() => parseResult(bad, 'prevResult')).toThrow(
    expect.objectContaining({ code: 6, message: expect.stringMatching(/^prevResult: .* is not as/) }),
  )
})

test('null is as good as nothing: Go writes it', () => {
  const nulls = {
    cniVersion: '1.0.0',
    interfaces: null,
    ips: [{ address: '10.1.0.2/24', gateway: null }],
    routes: null,
    dns: null,
  }
  expect(parseResult(nulls, 'prevResult')).toEqual({
    interfaces: [],
    ips: [{ address: '10.1.0.2/24' }],
    routes: [],
    dns: {},
  })
})

test('a version that nobody knows is refused', () => {
  expect(() => parseResult({ cniVersion: '9.9.9' }, 'prevResult')).toThrow(
    expect.objectContaining({ code: 1 }),
  )
})

describe('what an IPAM plugin gave', () => {
  const given = (more: Partial<Result>) => toLease({ ...result, ...more }, "ipam plugin 'x'")

  test('becomes a lease: no interfaces, canonical spelling', () => {
    const ips = [{ address: 'FD00:0:0::2/64', gateway: 'fd00:0::1', interface: 9 }]
    expect(given({ ips, routes: [{ dst: '0::/0', mtu: 1400 }] })).toEqual({
      addresses: [{ address: 'fd00::2/64', gateway: 'fd00::1' }],
      routes: [{ dst: '::/0', mtu: 1400 }],
      dns,
    })
  })

  // All of it goes into the lines of `ip -batch`.
  test.each<[string, Partial<Result>]>([
    ['an address', { ips: [{ address: '10.1.0.2/24 dev lo' }] }],
    ['a gateway', { ips: [{ address: '10.1.0.2/24', gateway: '10.1.0.1\nlink del eth0' }] }],
    ['a destination', { routes: [{ dst: 'default' }] }],
    ['a number', { routes: [{ dst: '0.0.0.0/0', mtu: '1400 via 10.0.0.1' as never }] }],
  ])('%s that is none is refused', (_, more) => {
    expect(() => given(more)).toThrow(expect.objectContaining({ code: 6 }))
  })
})

test('a later plugin keeps what is there, and counts on', () => {
  const before: Result = {
    interfaces: [{ name: 'lo' }],
    ips: [{ address: '127.0.0.1/8', interface: 0 }],
    routes: [],
    dns: { domain: 'a' },
  }
  const both = extend(before, result)
  expect(both.interfaces.map(({ name }) => name)).toEqual(['lo', 'br0', 'veth1', 'eth0'])
  expect(both.ips.map(ip => ip.interface)).toEqual([0, 3, 3, 3])
  expect(both.routes).toEqual(result.routes)
  expect(both.dns).toBe(dns)
  expect(extend(before, { ...result, dns: {} }).dns).toEqual({ domain: 'a' })
})
