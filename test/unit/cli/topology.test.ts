// From links and rules to networks: by marks alone.
import { expect, test } from '@jest/globals'
import { type Sight, topologyOf } from '../../../src/linux/topology.ts'
import { iptablesChain, networkAlias, nftName, plugAlias } from '../../../src/networks/marks.ts'
import type { ObservedLink } from '../../../src/plan/observed.ts'

const link = (name: string, rest: Partial<ObservedLink> = {}): ObservedLink => ({
  name,
  index: 1,
  type: 'veth',
  mac: '',
  mtu: 1500,
  up: true,
  operstate: 'UP',
  promisc: false,
  alias: '',
  master: '',
  addresses: [],
  ...rest,
})
const address = (text: string, scope = 'global') => ({
  address: text,
  scope,
  tentative: false,
  dadFailed: false,
})
const bridge = (name: string, rest: Partial<ObservedLink> = {}) => link(name, { type: 'bridge', ...rest })
const plug = (network: string, containerId: string, master: string, ...addresses: string[]) =>
  link(`veth-${containerId}`, {
    master,
    alias: plugAlias({ network, containerId, ifname: 'eth0' }, addresses),
  })

const see = (links: ObservedLink[], rest: Partial<Sight> = {}) =>
  topologyOf({ links, defaults: [], forwarding: { 4: true, 6: false }, chains: new Set(), ...rest })

test('a network is its marked bridge and its marked ports', () => {
  const seen = see([
    link('lo', { type: '', addresses: [address('127.0.0.1/8', 'host')] }),
    link('ens3', { type: '', addresses: [address('198.51.100.1/24'), address('fe80::1/64', 'link')] }),
    bridge('br-web', { alias: networkAlias('web'), addresses: [address('192.0.2.1/24')] }),
    plug('web', 'one', 'br-web', '192.0.2.2/24'),
    link('tap0', { master: 'br-web', operstate: 'DOWN' }),
  ])
  expect(seen).toEqual({
    forwarding: { 4: true, 6: false },
    uplinks: [{ name: 'ens3', state: 'UP', addresses: ['198.51.100.1/24'] }],
    networks: [
      {
        name: 'web',
        bridge: { name: 'br-web', state: 'UP', addresses: ['192.0.2.1/24'] },
        masquerade: false,
        ports: [
          {
            name: 'veth-one',
            state: 'UP',
            container: { id: 'one', ifname: 'eth0', addresses: ['192.0.2.2/24'] },
          },
          { name: 'tap0', state: 'DOWN' },
        ],
      },
    ],
  })
})

test('two networks on a bridge that was there before us: each has its own ports', () => {
  const { networks } = see([bridge('cni0'), plug('a', 'one', 'cni0'), plug('b', 'two', 'cni0')])
  const ports = networks.map(({ name, bridge, ports }) => [name, bridge?.name, ports.map(one => one.name)])
  expect(ports).toEqual([
    ['a', 'cni0', ['veth-one']],
    ['b', 'cni0', ['veth-two']],
  ])
})

test('a bridge taken away under its container', () => {
  expect(see([plug('web', 'one', '')]).networks).toMatchObject([
    { name: 'web', ports: [{ name: 'veth-one' }] },
  ])
  expect(see([plug('web', 'one', '')]).networks[0]?.bridge).toBeUndefined()
})

test.each([
  ['nftables', nftName('masquerade', 'web'), true],
  ['iptables', iptablesChain('web'), true],
  ["another network's chain", nftName('masquerade', 'web2'), false],
])('masquerade by %s', (_, chain, masquerade) => {
  const links = [bridge('br-web', { alias: networkAlias('web') })]
  expect(see(links, { chains: new Set([chain]) }).networks).toMatchObject([{ masquerade }])
})

test.each([
  ['a foreign bridge', bridge('docker0', { addresses: [address('172.17.0.1/16')] }), []],
  ['a foreign bridge with the default route', bridge('br0', { addresses: [] }), ['br0']],
  ['an interface without address', link('ens4', { type: '' }), []],
  ['a port', link('ens5', { master: 'br9', addresses: [address('192.0.2.9/24')] }), []],
])('as an uplink: %s', (_, one, uplinks) => {
  expect(see([one], { defaults: ['br0'] }).uplinks.map(({ name }) => name)).toEqual(uplinks)
})
