// From what is to what should be: nothing where all is right, one step where one thing is not, no step on what is foreign.
import { describe, expect, test } from '@jest/globals'
import { apply } from '../../../src/plan/apply.ts'
import { explain } from '../../../src/plan/explain.ts'
import { at, nothing, type Observed, type ObservedLink } from '../../../src/plan/observed.ts'
import { plan, planRemoval, planUndo, type Step } from '../../../src/plan/plan.ts'
import { aLink, described, descriptions, leaseOf, netns, virgin } from '../../helpers/descriptions.ts'
import { fakeMachine } from '../../helpers/fakemachine.ts'
import { configOf } from '../../helpers/modes.ts'

const nat = descriptions['nat-dual']!
const bridge = 'host\nbr-web.net-1'
const eth0 = at(netns, 'eth0')

const made = async (desired = nat): Promise<Observed> => {
  const machine = fakeMachine(virgin)
  await apply(plan(desired, virgin), machine)
  return machine.observed()
}

const changed = (observed: Observed, key: string, change: Partial<ObservedLink>): Observed => {
  const link = observed.links.get(key)
  if (!link) throw new Error(`no such link: ${key}`)
  return { ...observed, links: new Map([...observed.links, [key, { ...link, ...change }]]) }
}

const commands = (observed: Observed, desired = nat) =>
  explain(plan(desired, observed)).map(({ command }) => command)

describe('one thing is not as it should be: one step', () => {
  const cases: [name: string, change: (was: Observed) => Observed, command: RegExp][] = [
    ['the bridge is down', was => changed(was, bridge, { up: false }), /^ip link set dev br-web\.net-1 up$/],
    [
      'its MAC',
      was => changed(was, bridge, { mac: '02:00:00:00:00:01' }),
      /^ip link set dev br-\S+ address 02:42:0a:2c:00:01$/,
    ],
    [
      'the interface is down',
      was => changed(was, eth0, { up: false }),
      /^nsenter --net=\S+ ip link set dev eth0 up$/,
    ],
    ['its MTU is nobody’s business without mtu', was => changed(was, eth0, { mtu: 1300 }), /^$/],
    [
      'its address',
      was => changed(was, eth0, { addresses: was.links.get(eth0)!.addresses.slice(1) }),
      /^nsenter --net=\S+ ip addr add 10\.44\.0\.2\/24/,
    ],
    [
      'its routes',
      was => ({ ...was, routes: new Map([[eth0, was.routes.get(eth0)!.slice(1)]]) }),
      /ip route add 0\.0\.0\.0\/0/,
    ],
    [
      'forwarding',
      was => ({ ...was, sysctls: new Map([...was.sysctls, [at('host', 'net/ipv4/ip_forward'), '0']]) }),
      /^sysctl -w net\.ipv4\.ip_forward=1$/,
    ],
  ]
  test.each(cases)('%s', async (_, change, command) => {
    const found = commands(change(await made()))
    expect(found.length).toBeLessThanOrEqual(1)
    expect(found[0] ?? '').toMatch(command)
  })

  test('a rule', async () => {
    const was = await made()
    const table = was.tables.get('inet vethwork')!
    const chains = new Map([...table.chains].map(([name, rules]) => [name, rules.slice(1)]))
    const observed = { ...was, tables: new Map([['inet vethwork', { ...table, chains }]]) }
    expect(commands(observed)).toEqual([
      expect.stringMatching(/^nft 'add rule inet vethwork masquerade\/web\.net-1 ip saddr/),
    ])
  })
})

test('an interface that is made anew gets everything that went with the old one', async () => {
  const desired = descriptions.macvlan!
  const was = await made(desired)
  const other = changed(was, eth0, { details: { mode: 'vepa' } })
  const [first, ...rest] = commands(other, desired)
  expect(first).toBe(`nsenter --net=${netns} ip link del dev eth0`)
  expect(rest).toEqual(commands(virgin, desired))
})

test('a port that is to be isolated is a port first', () => {
  const desired = descriptions.gre!
  const lines = commands(virgin, desired).filter(command => /gre\w{10} /.test(command))
  const born = lines.findIndex(command => command.includes('link add'))
  expect(lines.findIndex(command => command.endsWith('isolated on'))).toBeGreaterThan(born)
  const one = desired.find(({ kind, ...rest }) => kind === 'link' && 'type' in rest && rest.type === 'gretap')
  if (one?.kind !== 'link') throw new Error('no tunnel')
  const key = at('host', one.name)
  const out = {
    ...aLink(one.name),
    type: one.type,
    alias: one.alias!,
    details: one.details!,
    up: true,
    mtu: 1458,
  }
  const again = commands({ ...virgin, links: new Map([...virgin.links, [key, out]]) }, [one])
  expect(again).toEqual([
    `ip link set dev ${one.name} master br-web.net-1`,
    `ip link set dev ${one.name} type bridge_slave isolated on`,
  ])
})

test('a name is taken back when the interface is down: older kernels refuse it else', () => {
  const undone = explain(planUndo(plan(descriptions.macvlan!, virgin))).map(({ command }) => command)
  const inside = undone
    .filter(command => / link /.test(command))
    .map(command => command.replace(/^.* ip /, ''))
  const at = inside.findIndex(command => / name veth/.test(command))
  expect(inside[at - 1]).toBe('link set dev eth0 down')
  expect(inside[at + 1]).toMatch(/^link del dev veth/)
})

describe('what stands in the way', () => {
  test('an interface of that name that is no bridge', () => {
    const observed = { ...virgin, links: new Map([[bridge, aLink('br-web.net-1', { type: 'veth' })]]) }
    expect(() => plan(nat, observed)).toThrow(
      "the interface 'br-web.net-1' exists and is a veth, not a bridge",
    )
  })

  test('another address on the bridge, unless forceAddress', () => {
    const address = { address: '10.99.0.1/24', scope: 'global', tentative: false, dadFailed: false }
    const taken = aLink('br-web.net-1', { type: 'bridge', addresses: [address] })
    const observed = { ...virgin, links: new Map([[bridge, taken]]) }
    expect(() => plan(nat, observed)).toThrow(
      "the bridge 'br-web.net-1' has the address 10.99.0.1/24, not 10.44.0.1/24",
    )
    const forced = described(configOf('nat', 'dual', { forceAddress: true }), leaseOf('dual'))
    expect(commands(observed, forced)).toContain('ip addr del 10.99.0.1/24 dev br-web.net-1')
  })
})

test('accept_ra=2 on the uplink comes before forwarding', () => {
  const lines = commands({ ...virgin, advertised: ['eth0'] })
  const [uplink, forwarding] = ['net.ipv6.conf.eth0.accept_ra=2', 'net.ipv6.conf.all.forwarding=1'].map(one =>
    lines.indexOf(`sysctl -w ${one}`),
  )
  expect(uplink).toBeGreaterThan(-1)
  expect(forwarding).toBeGreaterThan(uplink!)
})

test('of nothing, nothing is removed', () => {
  // Flows come and go by themselves: nobody looks whether there are some.
  const isFlow = ({ op }: Step) => op.op === 'conntrack.del'
  for (const desired of Object.values(descriptions))
    expect(planRemoval(desired, nothing).filter(one => !isFlow(one))).toEqual([])
})

test('a bridge that is not marked as ours is not removed', async () => {
  const was = await made()
  const shared = nat.filter(({ scope }) => scope === 'network')
  const removed = (observed: Observed) => explain(planRemoval(shared, observed)).map(({ command }) => command)
  expect(removed(was)).toContain('ip link del dev br-web.net-1')
  expect(removed(changed(was, bridge, { alias: '' }))).not.toContain('ip link del dev br-web.net-1')
})

test('an element of another owner is never removed', () => {
  const [element] = descriptions['bridge-macspoofchk-mac']!.filter(({ kind }) => kind === 'element')
  if (element?.kind !== 'element') throw new Error('no element')
  const holds = (comment: string): Observed => ({
    ...nothing,
    tables: new Map([
      [element.table, { chains: new Map(), sets: new Map([[element.set, [{ key: element.key, comment }]]]) }],
    ]),
  })
  expect(planRemoval([element], holds('web.net-1/successor/eth0'))).toEqual([])
  expect(planRemoval([element], holds(element.comment))).toHaveLength(1)
})

test('undoing goes backwards, and takes back nothing that dies with its link', () => {
  const undone = explain(planUndo(plan(nat, virgin))).map(({ command }) => command)
  expect(undone.filter(command => /link del|sysctl|nft/.test(command))).toEqual([
    expect.stringMatching(/^ip link del dev veth/),
    "nft 'delete chain inet vethwork masquerade/web.net-1'",
    "nft 'delete table inet vethwork'",
    'sysctl -w net.ipv6.conf.all.forwarding=0',
    'sysctl -w net.ipv4.ip_forward=0',
    'ip link del dev br-web.net-1',
  ])
})
