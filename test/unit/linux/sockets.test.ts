// What /proc/net and conntrack(8) print.
import { expect, test } from '@jest/globals'
import { flowOf } from '../../../src/linux/conntrack.ts'
import { inetSockets, sctpSockets } from '../../../src/linux/listeners.ts'

const line = (local: string, state: string) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0`

test.each([
  ['tcp', '0100007F:1F90', '0A', { address: '127.0.0.1', families: [4], port: 8080 }],
  ['tcp', '00000000:0050', '0A', { address: '', families: [4], port: 80 }],
  ['udp', '00000000000000000000000000000000:0035', '07', { address: '', families: [4, 6], port: 53 }],
  ['udp', 'B80D0120000000000000000001000000:0035', '07', { address: '2001:db8::1', families: [6], port: 53 }],
  ['tcp', '0000000000000000FFFF00000100007F:0050', '0A', { address: '127.0.0.1', families: [4], port: 80 }],
] as const)('%s %s', (protocol, local, state, expected) => {
  expect(inetSockets(protocol, [line(local, state)])).toEqual([{ protocol, inode: '4711', ...expected }])
})

test('an IPv4 address in full IPv6 spelling, as SCTP has it', () => {
  const eps = ' ffff8800 ffff8801 2   10  29   7777    0 4711 0000:0000:0000:0000:0000:ffff:7f00:0001'
  expect(sctpSockets([eps])).toMatchObject([{ address: '127.0.0.1', families: [4] }])
})

test('one that is connected waits for nobody', () => {
  expect(inetSockets('tcp', [line('0100007F:1F90', '01')])).toEqual([])
  expect(inetSockets('udp', [line('0100007F:1F90', '01')])).toEqual([])
})

test('SCTP, with several addresses', () => {
  const eps = ' ffff8800 ffff8801 2   10  29   7777    0 4711 0.0.0.0 2001:db8::1'
  expect(sctpSockets([eps])).toEqual([
    { protocol: 'sctp', port: 7777, inode: '4711', address: '', families: [4] },
    { protocol: 'sctp', port: 7777, inode: '4711', address: '2001:db8::1', families: [6] },
  ])
})

test('a flow, as it began and as it is answered', () => {
  const text =
    'udp      17 29 src=198.51.100.2 dst=198.51.100.1 sport=40000 dport=5353 [UNREPLIED] src=10.44.0.2 dst=198.51.100.2 sport=53 dport=40000 mark=0 use=1'
  expect(flowOf(text)).toEqual([{ to: '198.51.100.1', port: 5353, from: { address: '10.44.0.2', port: 53 } }])
  expect(flowOf('conntrack v1.4.7: 0 flow entries have been shown.')).toEqual([])
})
