import { expect, test } from '@jest/globals'
import type { HeldLease } from '../../../ipam/evidence.ts'
import { attachmentsOf, type Traces, type Whereabouts } from '../../../src/linux/attachments.ts'
import type { AttachmentRecord } from '../../../src/linux/records.ts'
import { hostVeth, plugAlias } from '../../../src/networks/marks.ts'
import { nothingWanted } from '../../../src/services/wants.ts'
import { aLink } from '../../helpers/descriptions.ts'

const owner = { network: 'web', containerId: '3f2a', ifname: 'eth0' }
const addresses = ['10.22.0.2/24']
const path = '/run/netns/c1'
const port = hostVeth(owner)

const record: AttachmentRecord = {
  owner,
  plugin: 'vethwork',
  since: '2026-11-20T12:00:00.000Z',
  netns: { path, inode: 7 },
  endpoint: { owner, port, bridge: 'br-web', addresses, gateways: ['10.22.0.1'], mac: '02:42:0a:16:00:02' },
  wants: nothingWanted,
}
const veth = aLink(port, {
  type: 'veth',
  operstate: 'UP',
  master: 'br-web',
  alias: plugAlias(owner, addresses),
})
const lease: HeldLease = {
  owner,
  addresses: ['10.22.0.2'],
  record: {
    containerId: '3f2a',
    ifname: 'eth0',
    bootId: 'b',
    netns: path,
    netnsInode: 7,
    since: record.since,
  },
}
const inside = { ...record, endpoint: { owner, addresses, gateways: [] } }
const noNetns = { ...lease, record: { ...lease.record, netns: null, netnsInode: null } }

const seen = (traces: Partial<Traces>, whereabouts: Whereabouts = 'there') =>
  attachmentsOf({ records: [], leases: [], veths: [], whereIs: () => whereabouts, ...traces })

test('nothing: nobody', () => {
  expect(seen({})).toEqual([])
})

const lives: readonly [string, Partial<Traces>, Whereabouts, string][] = [
  ['all is there', { records: [record], leases: [lease], veths: [veth] }, 'there', 'alive'],
  [
    'the cable carries nothing',
    { records: [record], veths: [{ ...veth, operstate: 'LOWERLAYERDOWN' }] },
    'there',
    'down',
  ],
  ['the cable is gone', { records: [record], leases: [lease] }, 'there', 'unplugged'],
  ['the namespace is gone', { records: [record], leases: [lease] }, 'nowhere', 'gone'],
  // The kernel gives its number to another one.
  ['cable and path are gone, the number is there', { records: [record] }, 'elsewhere', 'gone'],
  ['its path is gone, its cable is not', { records: [record], veths: [veth] }, 'elsewhere', 'alive'],
  ['no cable ever', { records: [inside] }, 'there', 'alive'],
  ['no cable ever, elsewhere', { records: [inside] }, 'elsewhere', 'alive'],
  ['no cable ever, gone', { records: [inside] }, 'nowhere', 'gone'],
  ['only the kernel tells', { veths: [veth] }, 'there', 'alive'],
  ['only a lease tells', { leases: [lease] }, 'nowhere', 'gone'],
  ['a lease that knows no namespace', { leases: [noNetns] }, 'nowhere', 'unknown'],
]
test.each(lives)('%s', (_, traces, whereabouts, life) => {
  expect(seen(traces, whereabouts)).toMatchObject([{ owner, life }])
})

test('only the kernel tells: addresses, MAC, port and bridge are known all the same', () => {
  expect(seen({ veths: [veth] })).toMatchObject([
    { addresses, mac: '02:42:0a:16:00:02', port, bridge: 'br-web', records: [] },
  ])
})

test('plugins of one chain are one attachment, with the wishes of all', () => {
  const ports = [{ hostPort: 80, containerPort: 8080, protocol: 'tcp', hostIP: '', range: 1 }] as const
  const rates = { ...nothingWanted.rates, ingressRate: 1000 }
  const portmap = {
    ...record,
    plugin: 'portmap',
    since: '2026-11-20T12:00:01.000Z',
    wants: { ...nothingWanted, ports },
  }
  const bandwidth = {
    ...record,
    plugin: 'bandwidth',
    since: '2026-11-20T12:00:02.000Z',
    wants: { ...nothingWanted, rates },
  }
  const [one, ...others] = seen({ records: [record, portmap, bandwidth], veths: [veth] })
  expect(others).toEqual([])
  expect(one).toMatchObject({ since: record.since, wants: { ports, rates } })
  expect(one?.records.map(({ plugin }) => plugin)).toEqual(['vethwork', 'portmap', 'bandwidth'])
})

test('by network, and in it the oldest first', () => {
  const other = (network: string, containerId: string, since: string) => ({
    ...record,
    owner: { network, containerId, ifname: 'eth0' },
    since,
  })
  const records = [other('web', 'b', '2026-02'), other('web', 'a', '2026-03'), other('db', 'c', '2026-04')]
  expect(seen({ records }).map(({ owner }) => owner.containerId)).toEqual(['c', 'b', 'a'])
})
