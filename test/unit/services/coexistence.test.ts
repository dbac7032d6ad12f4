// Which rules a network gets where FORWARD is closed, and that they come and go whole.
import { describe, expect, test } from '@jest/globals'
import { parseConfig } from '../../../cni/config.ts'
import { personalities } from '../../../cni/personality.ts'
import { describe as describeNetwork } from '../../../src/networks/index.ts'
import { remains } from '../../../src/networks/remains.ts'
import { apply, applyAll } from '../../../src/plan/apply.ts'
import { kindOfOp } from '../../../src/plan/kinds/index.ts'
import type { Observed } from '../../../src/plan/observed.ts'
import { plan, planRemoval } from '../../../src/plan/plan.ts'
import type { Endpoint } from '../../../src/services/service.ts'
import { nothingWanted } from '../../../src/services/wants.ts'
import { described, descriptions, leaseOf, netns, owner, virgin } from '../../helpers/descriptions.ts'
import { fakeMachine } from '../../helpers/fakemachine.ts'
import { configOf } from '../../helpers/modes.ts'

const filter = (...lines: string[]) => [':FORWARD DROP [0:0]', ...lines]
const closedBy = (tables: Record<string, readonly string[]>, more: Partial<Observed> = {}): Observed => ({
  ...virgin,
  iptables: new Map(Object.entries(tables)),
  ...more,
})
const closed = closedBy({ 'iptables-nft filter': filter(), 'ip6tables-legacy filter': filter() })

const linesOf = (desired: ReturnType<typeof described>, observed: Observed, kind = /^iptables$|^zone/) =>
  plan(desired, observed)
    .map(({ op }) => op)
    .filter(({ op }) => kind.test(op))
    .map(op => `${kindOfOp(op).tool(op)} ${kindOfOp(op).line(op)}`)

const chain = 'VETHWORK-QTPAD6ZIXQ8'

describe('where FORWARD is closed', () => {
  const chainOf = (lines: readonly string[]) => /:(\S+)/.exec(lines[0] ?? '')?.[1] ?? chain
  const rulesOf = (name: string, observed = closed) => {
    const lines = linesOf(descriptions[name]!, observed)
    return lines.map(line => line.replaceAll(chainOf(lines), 'CHAIN'))
  }

  test('nat: out, and answers; by the tool whose table is closed', () => {
    const jump = '-I FORWARD 1 -m comment --comment "vethwork web.net-1" -j CHAIN'
    const rules = (tool: string) => [
      `${tool} :CHAIN - [0:0]`,
      `${tool} -A CHAIN -i br-web.net-1 -j ACCEPT`,
      `${tool} -A CHAIN -o br-web.net-1 -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT`,
      `${tool} ${jump}`,
    ]
    expect(rulesOf('nat-dual')).toEqual([...rules('iptables-nft'), ...rules('ip6tables-legacy')])
  })

  test.each(['layer2', 'local-dual-macspoofchk', 'flat', 'vlan', 'vxlan-peers', 'gre'])(
    '%s: not routed, from the bridge to itself alone',
    name => {
      const rules = rulesOf(name).filter(line => line.includes('-A CHAIN'))
      expect(rules).toHaveLength(2)
      for (const line of rules) expect(line).toMatch(/-i (\S+) -o \1 -j ACCEPT$/)
    },
  )

  test('the gateway of a VLAN has an interface of its own', () => {
    const rules = rulesOf('vlan-aware-access')
    expect(rules).toContain('iptables-nft -A CHAIN -i cni0.100 -j ACCEPT')
    expect(rules).toContain('iptables-nft -A CHAIN -i cni0 -o cni0 -j ACCEPT')
  })

  test.each(['macvlan', 'ipvlan'])('%s does not go through the host', name =>
    expect(rulesOf(name)).toEqual([]),
  )

  test('machines of other hosts on the bridge have no way through this one', () => {
    const net = {
      ...parseConfig(
        JSON.stringify({
          cniVersion: '1.1.0',
          name: 'blue',
          type: 'vethwork',
          mode: 'vlan',
          master: 'eth1',
          vlanId: 7,
          isGateway: true,
        }),
      ).net,
      hostSeed: 'x',
    }
    const lines = linesOf(
      describeNetwork(net, { owner, netns, wants: nothingWanted }, leaseOf('dual')),
      closed,
    )
    const accepts = lines.filter(line => line.includes('-i br-blue') && !line.includes('-o br-blue'))
    expect(accepts.map(line => line.replace(/-A \S+ /, ''))).toEqual([
      'iptables-nft -s 10.44.0.0/24 -i br-blue -j ACCEPT',
      'ip6tables-legacy -s fd00:44::/64 -i br-blue -j ACCEPT',
    ])
  })

  test('the jump stands in DOCKER-USER while FORWARD jumps there', () => {
    const docker = closedBy({
      'iptables-nft filter': filter(':DOCKER-USER - [0:0]', '-A FORWARD -j DOCKER-USER'),
    })
    expect(rulesOf('nat-v4', docker).at(-1)).toContain('-I DOCKER-USER 1 ')
    const left = closedBy({ 'iptables-nft filter': filter(':DOCKER-USER - [0:0]') })
    expect(rulesOf('nat-v4', left).at(-1)).toContain('-I FORWARD 1 ')
  })

  test('open, or not there: nothing', () => {
    expect(rulesOf('nat-dual', virgin)).toEqual([])
    expect(rulesOf('nat-dual', closedBy({ 'iptables-nft filter': [':FORWARD ACCEPT [0:0]'] }))).toEqual([])
  })
})

describe('firewalld', () => {
  const running = closedBy({}, { firewalls: { ...virgin.firewalls, zones: new Map() } })
  const chosen = closedBy(
    {},
    { firewalls: { ...virgin.firewalls, zones: new Map([['br-web.net-1', 'dmz']]) } },
  )
  test('the bridge of a routed network goes into its zone trusted, unless it is in one', () => {
    expect(linesOf(descriptions['nat-dual']!, running)).toEqual([
      'firewall-cmd --zone=trusted --add-interface=br-web.net-1',
    ])
    expect(linesOf(descriptions['nat-dual']!, chosen)).toEqual([])
  })
  test.each(['local-dual-macspoofchk', 'flat', 'vlan', 'macvlan'])('%s: not trusted', name =>
    expect(linesOf(descriptions[name]!, running)).toEqual([]),
  )
})

describe('called "firewall", behind another plugin', () => {
  const { net } = parseConfig(
    JSON.stringify({ cniVersion: '1.0.0', name: 'points', type: 'firewall' }),
    personalities.firewall,
  )
  const found: Endpoint = {
    owner,
    netns,
    port: 'veth0',
    addresses: ['10.46.0.2/24', 'fd00:46::2/64'],
    gateways: [],
  }
  const of = (more: object, conf = net) =>
    describeNetwork(conf, { owner, netns, wants: nothingWanted, found: { ...found, ...more } })

  test('without a bridge: its addresses in sets, one rule', () => {
    const lines = plan(of({}), closed).map(({ op }) => kindOfOp(op).line(op))
    expect(lines.filter(line => line.startsWith('add element'))).toEqual([
      'add element inet vethwork passage4/points { 10.46.0.2 comment "web.net-1/c1/eth0" }',
      'add element inet vethwork passage6/points { fd00:46::2 comment "web.net-1/c1/eth0" }',
    ])
    expect(lines.filter(line => line.includes('--mark'))).toHaveLength(2)
  })
  test('on a bridge: its subnet, no element', () => {
    const lines = plan(of({ bridge: 'cni0' }), closed).map(({ op }) => kindOfOp(op).line(op))
    expect(lines.some(line => line.includes('-s 10.46.0.0/24 -i cni0 -j ACCEPT'))).toBe(true)
    expect(lines.filter(line => line.startsWith('add element'))).toEqual([])
  })
  test.each(['br+', 'br"0', 'br#0'])('on a bridge that is called %s: as without', bridge =>
    expect(of({ bridge })).toEqual(of({})),
  )
  test('without a cable on the host: nothing', () => expect(of({ port: undefined })).toEqual([]))
  test('another personality does not ask for it', () =>
    expect(of({}, { ...net, ingressPolicy: '' })).toEqual([]))
})

test('made once, it is there; removed, nothing of it is', async () => {
  const machine = fakeMachine(
    closedBy({
      'iptables-nft filter': filter('-A FORWARD -s 203.0.113.1 -j ACCEPT'),
      'ip6tables-legacy filter': filter(),
    }),
  )
  const before = machine.observed()
  const desired = described(configOf('nat', 'dual'), leaseOf('dual'))
  await apply(plan(desired, before), machine)
  expect(machine.observed().iptables.get('iptables-nft filter')?.[1]).toMatch(/-A FORWARD .* -j VETHWORK-/)
  expect(plan(desired, machine.observed())).toEqual([])
  const left = remains('web.net-1', [{ name: 'br-web.net-1', type: 'bridge' }], { nft: true, iptables: true })
  await applyAll(planRemoval(left, machine.observed()), machine)
  expect(machine.observed().iptables).toEqual(before.iptables)
})
