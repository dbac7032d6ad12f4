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
  allmulti: false,
  txQLen: 1000,
  alias: '',
  master: '',
  lower: '',
  details: {},
  addresses: [],
  ...rest,
})
const address = (text: string, scope = 'global') => ({
  address: text,
  scope,
  tentative: false,
  dadFailed: false,
})
const bridge = (name: string, rest: Partial<ObservedLink> = {}) =>
  link(name, { type: 'bridge', mac: '02:00:00:00:00:01', ...rest })
const plug = (network: string, containerId: string, master: string, ...addresses: string[]) =>
  link(`veth-${containerId}`, {
    master,
    alias: plugAlias({ network, containerId, ifname: 'eth0' }, addresses),
  })

const see = (links: ObservedLink[], rest: Partial<Sight> = {}) =>
  topologyOf({
    host: 'h1',
    links,
    defaults: [],
    forwarding: { 4: true, 6: false },
    chains: new Set(),
    vteps: new Map(),
    ...rest,
  })

test('a network is its marked bridge and its marked ports', () => {
  const seen = see([
    link('lo', { type: '', addresses: [address('127.0.0.1/8', 'host')] }),
    link('ens3', { type: '', addresses: [address('198.51.100.1/24'), address('fe80::1/64', 'link')] }),
    bridge('br-web', { alias: networkAlias('web'), addresses: [address('192.0.2.1/24')] }),
    plug('web', 'one', 'br-web', '192.0.2.2/24'),
    link('tap0', { master: 'br-web', operstate: 'DOWN' }),
  ])
  expect(seen).toEqual({
    host: 'h1',
    forwarding: { 4: true, 6: false },
    uplinks: [{ name: 'ens3', state: 'UP', addresses: ['198.51.100.1/24'] }],
    networks: [
      {
        name: 'web',
        bridge: { name: 'br-web', state: 'UP', addresses: ['192.0.2.1/24'] },
        legs: [],
        masquerade: false,
        waysOut: [],
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

const NETWORK = { alias: networkAlias('web') }
const details = (of: object) => ({ details: of as ObservedLink['details'] })

test.each<[string, ObservedLink[], object[]]>([
  [
    'flat: the port whose MAC address the bridge has',
    [link('eth1', { type: '', master: 'br-web', mac: '02:00:00:00:00:01' })],
    [{ name: 'eth1', state: 'UP', kind: 'flat', peers: [] }],
  ],
  [
    'vlan',
    [link('eth1.7', { type: 'vlan', lower: 'eth1', master: 'br-web', ...NETWORK, ...details({ id: 7 }) })],
    [{ name: 'eth1.7', state: 'UP', kind: 'vlan', id: 7, master: 'eth1', peers: [] }],
  ],
  [
    'vxlan: the others are those of its forwarding database, but for the group',
    [
      link('vx5', {
        type: 'vxlan',
        master: 'br-web',
        ...NETWORK,
        ...details({ id: 5, link: 'eth1', local: '198.51.100.1', group: '239.1.1.1' }),
      }),
    ],
    [
      {
        name: 'vx5',
        state: 'UP',
        kind: 'vxlan',
        id: 5,
        master: 'eth1',
        local: '198.51.100.1',
        group: '239.1.1.1',
        peers: ['198.51.100.2', '198.51.100.3'],
      },
    ],
  ],
  [
    'gre: iproute2 writes its key as an address',
    [
      link('gre1', {
        type: 'gretap',
        master: 'br-web',
        ...NETWORK,
        ...details({ local: '198.51.100.1', remote: '198.51.100.2', ikey: '0.0.19.136', okey: '0.0.19.136' }),
      }),
    ],
    [{ name: 'gre1', state: 'UP', kind: 'gre', id: 5000, local: '198.51.100.1', peers: ['198.51.100.2'] }],
  ],
])('a way out: %s', (_, links, waysOut) => {
  const vteps = new Map([['vx5', ['239.1.1.1', '198.51.100.3', '198.51.100.2', '198.51.100.3']]])
  const { networks, uplinks } = see([bridge('br-web', NETWORK), ...links], { vteps })
  expect(networks).toEqual([expect.objectContaining({ waysOut, ports: [], legs: [] })])
  expect(uplinks).toEqual([])
})

test("the host's port in a VLAN of the bridge leads nowhere: it is a leg", () => {
  const leg = link('br-web.7', {
    type: 'vlan',
    lower: 'br-web',
    addresses: [address('192.0.2.1/24')],
    ...NETWORK,
  })
  const { networks, uplinks } = see([bridge('br-web', NETWORK), leg])
  expect(networks).toMatchObject([{ waysOut: [], legs: [{ name: 'br-web.7', addresses: ['192.0.2.1/24'] }] }])
  expect(uplinks).toEqual([])
})
