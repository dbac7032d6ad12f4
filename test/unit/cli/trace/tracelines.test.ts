// What nft monitor prints of real packets.

import { expect, test } from '@jest/globals'
import { stepsOf, stepWords } from '../../../../src/cli/trace/tracelines.ts'

const packet =
  'packet: iif "br-web" oif "eth0" ether saddr 02:42:0a:16:00:02 ether daddr 02:42:0a:16:00:01 ip saddr 10.22.0.2 ip daddr 198.51.100.2 ip dscp cs0 icmp type echo-request'

test('chains, verdicts, rules, and the packet as it was there', () => {
  const steps = stepsOf([
    `trace id e9f990f9 bridge vethwork-trace-1 prerouting ${packet.replace(' oif "eth0"', '')} `,
    'trace id e9f990f9 bridge vethwork-trace-1 prerouting rule ip daddr 198.51.100.2 meta nftrace set 1 (verdict continue)',
    'trace id e9f990f9 bridge vethwork-trace-1 prerouting policy accept ',
    `trace id 46f02f0d inet vethwork masquerade/web ${packet}`,
    'trace id 46f02f0d inet vethwork masquerade/web rule ip saddr 10.22.0.0/24 oifname != "br-web" masquerade comment "web a (b)" (verdict accept)',
    'trace id 46f02f0d ip filter FORWARD verdict continue ',
    'trace id 46f02f0d ip filter FORWARD policy drop ',
    'Warning: something else',
  ])
  expect(steps.map(stepWords)).toEqual([
    'bridge vethwork-trace-1 prerouting: accept (from br-web)',
    `inet vethwork masquerade/web: accept, by 'ip saddr 10.22.0.0/24 oifname != "br-web" masquerade comment "web a (b)"' (from br-web to eth0)`,
    'ip filter FORWARD: drop (from br-web to eth0)',
  ])
  expect(steps[0]).toMatchObject({ saddr: '10.22.0.2', oif: '' })
})
