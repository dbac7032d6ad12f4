// Names of kernel parameters: two spellings of one path, and what is none.
import { expect, test } from '@jest/globals'
import { parseSysctls } from '../../../cni/tuningconf.ts'

const paths: Record<string, string> = {
  'net.ipv4.ip_forward': 'net/ipv4/ip_forward',
  'net/ipv4/ip_forward': 'net/ipv4/ip_forward',
  'net.ipv4.conf.IFNAME.arp_filter': 'net/ipv4/conf/IFNAME/arp_filter',
  'net.ipv4.conf.eth0/5.arp_filter': 'net/ipv4/conf/eth0.5/arp_filter',
  'net/ipv4/conf/eth0.5/arp_filter': 'net/ipv4/conf/eth0.5/arp_filter',
}
test.each(Object.entries(paths))('%s', (name, path) =>
  expect(parseSysctls({ [name]: '1' })).toEqual({ [path]: '1' }),
)

test.each([
  ['kernel.hostname', '1'],
  ['net', '1'],
  ['', '1'],
  ['/net/ipv4/ip_forward', '1'],
  ['net/../kernel/hostname', '1'],
  ['net.ipv4..ip_forward', '1'],
  ['net.ipv4.//.ip_forward', '1'],
  ['net.ipv4.ip forward', '1'],
  ["net.ipv4.ip_forward'", '1'],
  ['net.ipv4.ip_forward', ''],
  ['net.ipv4.ip_forward', '1\n'],
  ['net.ipv4.ip_forward', 'a\u0000'],
  ['net.ipv4.ip_forward', 'ä'],
])('%s = %j is refused', (name, value) => {
  expect(() => parseSysctls({ [name]: value })).toThrow(expect.objectContaining({ code: 7 }))
  expect(() => parseSysctls({ [name]: value })).toThrow(JSON.stringify(name))
})

test('twice the same is refused', () =>
  expect(() => parseSysctls({ 'net.ipv4.ip_forward': '1', 'net/ipv4/ip_forward': '1' })).toThrow(/twice/))
