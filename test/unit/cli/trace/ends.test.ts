// FROM and TO, as they are typed.

import { expect, test } from '@jest/globals'
import { partyOf, withPort } from '../../../../src/cli/trace/ends.ts'
import type { AttachmentSeen } from '../../../../src/linux/attachments.ts'
import { HOST } from '../../../../src/plan/netns.ts'
import { nothingWanted } from '../../../../src/services/wants.ts'

test.each([
  ['web1', 'web1', undefined],
  ['web1:80', 'web1', 80],
  ['192.0.2.1', '192.0.2.1', undefined],
  ['192.0.2.1:65535', '192.0.2.1', 65_535],
  ['2001:db8::1', '2001:db8::1', undefined],
  ['[2001:db8::1]:80', '2001:db8::1', 80],
  ['web/3f2a/eth0:80', 'web/3f2a/eth0', 80],
])('%s', (text, to, port) => expect(withPort(text)).toEqual(port ? { to, port } : { to }))

test.each(['web1:0', 'web1:65536'])('%s has no port', text =>
  expect(() => withPort(text)).toThrow(/is no port/),
)

const attached = (
  network: string,
  containerId: string,
  address: string,
  life: AttachmentSeen['life'] = 'alive',
) => ({
  owner: { network, containerId, ifname: 'eth0' },
  life,
  netns: `/run/netns/${containerId}`,
  addresses: [address],
  wants: nothingWanted,
  records: [],
})
const all = [
  attached('web', '3f2a', '10.22.0.2/24'),
  attached('db', '3f2a', '10.23.0.2/24'),
  attached('web', '3fff', 'fd00::3/64'),
  attached('web', 'dead', '10.22.0.9/24', 'gone'),
]
const party = (text: string) => partyOf(text, all, ['198.51.100.1'])

test.each([
  ['host', { place: HOST, addresses: [] }],
  ['198.51.100.1', { place: HOST, addresses: ['198.51.100.1'] }],
  ['3f2', { place: '/run/netns/3f2a', addresses: ['10.22.0.2', '10.23.0.2'] }],
  ['db/3f2a/eth0', { place: '/run/netns/3f2a', addresses: ['10.23.0.2'] }],
  ['10.23.0.2', { place: '/run/netns/3f2a', addresses: ['10.23.0.2'] }],
  ['fd00:0::3', { place: '/run/netns/3fff', addresses: ['fd00::3'] }],
  ['192.0.2.7', { place: undefined, addresses: ['192.0.2.7'] }],
])('%s is known', (text, expected) => expect(party(text)).toMatchObject(expected))

test.each([
  ['3f', /beginning of 2 containers/],
  ['nobody', /neither a container here, nor an address, nor 'host'/],
  ['web/3f2a/eth1', /neither a container here/],
  ['dead', /container 'dead' is gone/],
  ['192.0.2.300', /neither a container here/],
])('%s is not', (text, words) => expect(() => party(text)).toThrow(words))
