import { expect, test } from '@jest/globals'
import { macOfName, plugMac } from '../../../src/networks/macs.ts'
import { hostVeth } from '../../../src/networks/marks.ts'

const ports = Array.from({ length: 20_000 }, (_, n) =>
  hostVeth({ network: 'web', containerId: n.toString(16).padStart(64, '0'), ifname: 'eth0' }),
)

// Two containers with one MAC address do not reach each other: a network of several hosts has many.
test('no two of many names have the same MAC address', () => {
  for (const first of ['02', 'fe'] as const)
    expect(new Set(ports.map(port => macOfName(first, port))).size).toBe(ports.length)
  expect(new Set(ports.map(port => plugMac(port, undefined, '10.1.0.2/24', '02:00:00:00:00:01'))).size).toBe(
    ports.length,
  )
})

test('nor has one name on many hosts', () => {
  const seeds = ports.map(
    (_, n) => `52:54:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16)}`,
  )
  expect(new Set(seeds.map(seed => macOfName('02', `web ${seed}`))).size).toBe(seeds.length)
})

test('it is a unicast address of nobody’s, and always the same', () => {
  expect(macOfName('02', 'web')).toMatch(/^02(:[0-9a-f]{2}){5}$/)
  expect(macOfName('02', 'web')).toBe(macOfName('02', 'web'))
})

test('on one host the address says it, whoever has it; what was asked for counts', () => {
  expect(plugMac('veth1', undefined, '10.22.0.2/24')).toBe('02:42:0a:16:00:02')
  expect(plugMac('veth1', 'c2:11:22:33:44:55', '10.22.0.2/24', 'seed')).toBe('c2:11:22:33:44:55')
})
