// An interface that was there before us is as it was when we are gone; tables and rules come and go.
import { expect, test } from '@jest/globals'
import { apply } from '../../../src/plan/apply.ts'
import { explain } from '../../../src/plan/explain.ts'
import { at, type Observed, type ObservedRoute } from '../../../src/plan/observed.ts'
import { originalsOf } from '../../../src/plan/originals.ts'
import { plan, planRemoval, planUndo } from '../../../src/plan/plan.ts'
import { aLink, chained, described, descriptions, netns, owner, virgin } from '../../helpers/descriptions.ts'
import { fakeMachine } from '../../helpers/fakemachine.ts'
import { layer2 } from '../../helpers/modes.ts'

const eth0 = at(netns, 'eth0')
const key = at(netns, 'net/ipv4/conf/eth0/arp_filter')
const route = (dst: string, more: Partial<ObservedRoute> = {}): ObservedRoute => ({
  family: dst.includes(':') ? 6 : 4,
  dst,
  gw: '',
  table: '254',
  priority: 0,
  mtu: 0,
  advmss: 0,
  protocol: '',
  src: '',
  scope: 0,
  ...more,
})
const before: Observed = {
  ...virgin,
  links: new Map([...virgin.links, [eth0, aLink('eth0', { mac: '02:00:00:00:00:01', up: true })]]),
  sysctls: new Map([...virgin.sysctls, [key, '0']]),
}

const made = async (desired = chained, was = before) => {
  const machine = fakeMachine(was)
  await apply(plan(desired, was), machine)
  return machine.observed()
}

test('made, there is nothing left to do', async () => {
  expect(explain(plan(chained, await made()))).toEqual([])
})

test('all of it, in this order', () => {
  const inside = `nsenter --net=${netns} `
  expect(explain(plan(chained, before)).map(({ command }) => command.replace(inside, ''))).toEqual([
    'ip link set dev eth0 mtu 1400 address c2:11:22:33:44:55 txqueuelen 0',
    'sysctl -w net.ipv4.conf.eth0.arp_filter=1',
    'ip route add 10.44.0.0/24 dev eth0 table 100',
    'ip route add 192.0.2.0/24 via 10.44.0.9 dev eth0 table 100 mtu 1300',
    'ip route add 0.0.0.0/0 via 10.44.0.1 dev eth0 table 100',
    'ip rule add from 10.44.0.2 lookup 100',
    'ip route add fd00:44::/64 dev eth0 table 101',
    'ip route add 2001:db8:9::/48 via fd00:44::1 dev eth0 table 101',
    'ip route add ::/0 via fd00:44::1 dev eth0 table 101',
    'ip -6 rule add from fd00:44::2 lookup 101',
  ])
})

test('what it was like is what will be changed of it, and nothing else', () => {
  expect(originalsOf(chained, before, netns, 'eth0')).toEqual({
    settings: { mac: '02:00:00:00:00:01', mtu: 1500, txQLen: 1000 },
    sysctls: { 'net/ipv4/conf/eth0/arp_filter': '0' },
  })
  const nothing = described({ cniVersion: '1.1.0', name: layer2.name, mode: 'chained' }, noLease)
  expect(originalsOf(nothing, before, netns, 'eth0')).toBeUndefined()
})
const noLease = { addresses: [], routes: [], dns: {} }

test('removed, all is as it was, whatever the configuration says by then', async () => {
  const was = await made()
  const originals = originalsOf(chained, before, netns, 'eth0')
  const found = {
    owner,
    netns,
    addresses: ['10.44.0.2/24', 'fd00:44::2/64'],
    gateways: ['10.44.0.1', 'fd00:44::1'],
    routes: [{ dst: '192.0.2.0/24', gw: '10.44.0.9', mtu: 1300 }, { dst: '2001:db8:9::/48' }],
    originals,
  }
  const other = { cniVersion: '1.1.0', name: layer2.name, mode: 'chained' }
  const desired = described(other, noLease, undefined, { tables: [100, 101], found })
  const machine = fakeMachine(was)
  await apply(planRemoval(desired, was), machine)
  expect(machine.observed()).toEqual(before)
})

test('undone, all is as it was', async () => {
  const steps = plan(chained, before)
  const machine = fakeMachine(before)
  await apply(steps, machine)
  await apply(planUndo(steps), machine)
  expect(machine.observed()).toEqual(before)
})

test('sbr clears the main table, the gateways first, and leaves the kernel its own', () => {
  const routes = [
    route('10.44.0.0/24', { protocol: '2', src: '10.44.0.2' }),
    route('0.0.0.0/0', { gw: '10.44.0.1' }),
    route('fe80::/64', { protocol: '2' }),
    route('10.44.0.2/32', { table: '255' }),
  ]
  const steps = plan(chained, { ...before, routes: new Map([[eth0, routes]]) })
  const deleted = steps.flatMap(({ op }) => (op.op === 'route.del' ? [op.to.dst] : []))
  expect(deleted).toEqual(['0.0.0.0/0', '10.44.0.0/24'])
  const undone = explain(planUndo(steps)).map(({ command }) => command)
  expect(undone.filter(command => / route add 10/.test(command))).toEqual([
    expect.stringMatching(/route add 10\.44\.0\.0\/24 dev eth0 table 254 proto 2 src 10\.44\.0\.2$/),
  ])
})

test('the first of two interfaces has the route', () => {
  const nat = descriptions['nat-dual']!
  const others: [key: string, ObservedRoute[]] = [at(netns, 'eth9'), [route('0.0.0.0/0', { gw: '10.9.0.1' })]]
  const routes = plan(nat, { ...before, routes: new Map([others]) }).flatMap(({ op }) =>
    op.op === 'route.add' ? [op.to.dst] : [],
  )
  expect(routes).toEqual(['::/0'])
})

test('a rule for the same address, but another table, is somebody else’s', async () => {
  const steps = (table: number) =>
    explain(planRemoval(chained, { ...before, rules: new Map([[netns, [{ from: '10.44.0.2', table }]]]) }))
  expect(steps(100).map(({ command }) => command)).toEqual([
    `nsenter --net=${netns} ip rule del from 10.44.0.2 lookup 100`,
  ])
  expect(steps(7)).toEqual([])
})

test.each([
  ['net/ipv4/ip_local_port_range', '20000 30000', "'net.ipv4.ip_local_port_range=20000 30000'"],
  ['net/ipv4/conf/eth0.5/arp_filter', '1', 'net/ipv4/conf/eth0.5/arp_filter=1'],
  ['net/ipv4/tcp_congestion_control', "a'b", "'net.ipv4.tcp_congestion_control=a'\\''b'"],
])('%s = %s, as a person would type it', (name, value, words) => {
  const one = {
    kind: 'sysctl',
    scope: 'attachment',
    netns,
    key: name,
    value,
    optional: false,
    why: '',
  } as const
  expect(explain(plan([one], before))[0]!.command).toBe(`nsenter --net=${netns} sysctl -w ${words}`)
})
