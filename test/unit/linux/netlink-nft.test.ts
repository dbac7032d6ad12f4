// nft's text as bytes, and lines of nft(8) read back.
import { expect, test } from '@jest/globals'
import {
  decodeComment,
  decodeValue,
  decodeVerdict,
  encodeComment,
  encodeValue,
  encodeVerdict,
  typesNamed,
  typesOf,
} from '../../../src/linux/netlink/nftdata.ts'
import { readElementLines } from '../../../src/linux/netlink/nftlines.ts'

// The bytes are those that nft 1.0.6 sends (strace of `nft add element`).
test.each([
  ['ifname', 'eth0', '65746830000000000000000000000000'],
  ['ether_addr', '02:42:0a:16:00:02', '02420a160002'],
  ['inet_proto', 'tcp', '06'],
  ['inet_service', '8080', '1f90'],
  ['mark', '1', '01000000'],
  ['ifname . ether_addr', 'eth0 . 02:42:0a:16:00:02', '6574683000000000000000000000000002420a1600020000'],
  ['inet_proto . inet_service', 'udp . 53', '1100000000350000'],
  ['ipv4_addr . inet_proto . inet_service', '10.0.0.1 . tcp . 80', '0a0000010600000000500000'],
  ['ipv6_addr . inet_service', 'fd00::1 . 443', 'fd00000000000000000000000000000101bb0000'],
])('%s: %s', (spec, value, bytes) => {
  const types = typesNamed(spec)
  expect(encodeValue(types, value).toString('hex')).toBe(bytes)
  expect(decodeValue(types, Buffer.from(bytes, 'hex'))).toBe(value)
})

test.each([
  ['inet_service', '65536'],
  ['inet_service', 'http'],
  ['inet_proto . inet_service', 'tcp'],
  ['ipv4_addr', 'fd00::1'],
  ['ether_addr', '02:42:0a:16:00'],
  ['ifname', 'sixteen-bytes-xx'],
])('%s: %s is refused', (spec, value) => {
  expect(() => encodeValue(typesNamed(spec), value)).toThrow()
})

test("nft's numbers of types, packed", () => {
  expect(typesOf(13)).toEqual(typesNamed('inet_service'))
  expect(typesOf((12 << 6) | 13)).toEqual(typesNamed('inet_proto . inet_service'))
  expect(typesOf(24)).toBeUndefined() // a user ID
  expect(typesOf(0)).toBeUndefined()
  expect(() => typesNamed('uid')).toThrow('uid')
})

test('verdicts', () => {
  for (const verdict of ['drop', 'accept', 'return', 'jump there', 'goto over/there'])
    expect(decodeVerdict(encodeVerdict(verdict))).toBe(verdict)
  expect(() => encodeVerdict('reject')).toThrow('reject')
})

test('a comment among the rest of the user data', () => {
  const comment = encodeComment('web/c1')
  expect(comment.toString('hex')).toBe('00077765622f633100')
  expect(decodeComment(comment)).toBe('web/c1')
  expect(decodeComment(Buffer.concat([Buffer.from([2, 1, 9]), comment]))).toBe('web/c1')
  expect(decodeComment(Buffer.from([2, 1, 9]))).toBe('')
  expect(decodeComment(Buffer.from([0]))).toBe('')
  expect(() => encodeComment('c'.repeat(129))).toThrow('128')
})

test('lines about one element each', () => {
  const place = { table: 'inet vethwork', set: 'ports/web.net-1' }
  expect(
    readElementLines([
      'add element inet vethwork ports/web.net-1 { eth0 . 02:42:0a:16:00:02 comment "web/c1/eth0" }',
      'create element inet vethwork ports/web.net-1 { tcp . 80 comment "c" : 10.0.0.2 . 8080 }',
      'delete element inet vethwork ports/web.net-1 { tcp . 80 }',
    ]),
  ).toEqual([
    { ...place, verb: 'add', key: 'eth0 . 02:42:0a:16:00:02', comment: 'web/c1/eth0', value: undefined },
    { ...place, verb: 'create', key: 'tcp . 80', comment: 'c', value: '10.0.0.2 . 8080' },
    { ...place, verb: 'delete', key: 'tcp . 80', comment: undefined, value: undefined },
  ])
})

test.each([
  'add table inet vethwork',
  'add element inet vethwork s { eth0, eth1 }',
  'add rule inet vethwork c ip saddr 10.0.0.0/8 drop comment "x"',
  'add element inet vethwork s { 1, 2 }; delete table inet vethwork',
  'add element inet vethwork s { tcp . 80 } }',
  'add element inet vethwork s { tcp . 80 comment "a" : drop comment "b" }',
])("nft's own business: %s", line => {
  expect(readElementLines([line])).toBeUndefined()
})
