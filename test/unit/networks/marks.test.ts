import { expect, test } from '@jest/globals'
import {
  bridgeName,
  hostVeth,
  iptablesChain,
  isPlugOf,
  networkAlias,
  nftName,
  nftSuffix,
  ownerComment,
  plugAlias,
  readNetworkAlias,
  readPlugAlias,
} from '../../../src/networks/marks.ts'

const owner = { network: 'web', containerId: 'c1', ifname: 'eth0' }
const long = { network: 'n'.repeat(100), containerId: 'c'.repeat(120), ifname: 'eth0' }
const names = ['web', 'web.net-1', 'twelve-bytes', 'thirteen-byte', 'n'.repeat(200)]

test('names of interfaces have at most 15 bytes, and are always the same', () => {
  for (const network of names) {
    expect(bridgeName(network).length).toBeLessThanOrEqual(15)
    expect(hostVeth({ ...owner, network })).toMatch(/^veth[0-9a-z]{11}$/)
  }
  expect(bridgeName('web')).toBe('br-web')
  expect(bridgeName('thirteen-byte')).toMatch(/^br-[0-9a-z]{12}$/)
  expect(hostVeth(owner)).toBe(hostVeth({ ...owner }))
})

test('each part of the owner makes another name', () => {
  const owners = [
    owner,
    { ...owner, network: 'web2' },
    { ...owner, containerId: 'c2' },
    { ...owner, ifname: 'eth1' },
  ]
  expect(new Set(owners.map(hostVeth)).size).toBe(4)
  // Two networks, one interface of one container each: not the same text.
  expect(hostVeth({ network: 'a', containerId: 'b-c', ifname: 'x' })).not.toBe(
    hostVeth({ network: 'a-b', containerId: 'c', ifname: 'x' }),
  )
})

test('an alias tells whose the cable is', () => {
  const alias = plugAlias(owner, ['10.22.0.2/24', 'fd00::2/64'])
  expect(alias).toBe('vethwork:web/c1/eth0 10.22.0.2/24 fd00::2/64')
  expect(readPlugAlias(alias)).toEqual({ owner, addresses: ['10.22.0.2/24', 'fd00::2/64'] })
  expect(readPlugAlias(plugAlias(owner, []))).toEqual({ owner, addresses: [] })
  expect(isPlugOf('web', alias)).toBe(true)
})

test('and never whose it is not', () => {
  const alias = plugAlias(owner, [])
  for (const other of ['we', 'web2', 'eb', ''])
    expect({ other, is: isPlugOf(other, alias) }).toEqual({ other, is: false })
  for (const foreign of [
    '',
    'web/c1/eth0',
    'vethwork:',
    'vethwork:web',
    'vethwork:web/c1',
    'calico:web/c1/eth0',
  ])
    expect(readPlugAlias(foreign)).toBeUndefined()
})

test('an alias that was cut is not read, for it may be wrong', () => {
  const alias = plugAlias(long, ['10.22.0.2/24', 'fd00:1111:2222:3333:4444:5555:6666:7777/64'])
  expect(alias.length).toBe(255)
  expect(readPlugAlias(alias)).toBeUndefined()
  expect(isPlugOf(long.network, alias)).toBe(true)
})

test('a network’s alias is no cable’s', () => {
  expect(readNetworkAlias(networkAlias('web'))).toBe('web')
  expect(readNetworkAlias(plugAlias(owner, []))).toBeUndefined()
  expect(readPlugAlias(networkAlias('web'))).toBeUndefined()
})

test('comments of nft have at most 128 bytes and stay apart', () => {
  expect(ownerComment(owner)).toBe('web/c1/eth0')
  const [one, other] = [ownerComment(long), ownerComment({ ...long, ifname: 'eth1' })]
  expect(Math.max(one.length, other.length)).toBeLessThanOrEqual(128)
  expect(one).not.toBe(other)
})

test('names in nft end with the network, and with no other', () => {
  expect(nftName('masquerade', 'web')).toBe('masquerade/web')
  for (const one of names)
    for (const other of names)
      expect(nftName('masquerade', one).endsWith(nftSuffix(other))).toBe(one === other)
})

test('chains of iptables have at most 28 bytes', () => {
  for (const name of names) expect(iptablesChain(name)).toMatch(/^VETHWORK-[0-9A-Z]{13}$/)
})
