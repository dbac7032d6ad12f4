import { rulesetOf } from '../../../../src/cli/trace/ruleset.ts'
import type {
  FdbSeen,
  LinkSeen,
  NeighbourSeen,
  PlugSeen,
  RouteSeen,
  Sight,
} from '../../../../src/cli/trace/sight.ts'
import { HOST, type Netns } from '../../../../src/plan/netns.ts'
import type { ObservedVlan } from '../../../../src/plan/observed.ts'

export const ONE = '/run/netns/one'
export const TWO = '/run/netns/two'

type Listed = Parameters<typeof rulesetOf>[0]

/** A host as it is seen, in tables that a test changes. */
export interface World {
  links: Record<string, LinkSeen[]>
  /** By place, and whereto; `default` is for all others. */
  routes: Record<string, Record<string, RouteSeen>>
  neighbours: Record<string, NeighbourSeen>
  fdb: FdbSeen[]
  vlans: Record<string, ObservedVlan[]>
  sysctls: Record<string, string>
  rules: Record<string, Listed[number][]>
  listeners: string[]
  plugs: PlugSeen[]
}

const link = (name: string, index: number, more: Partial<LinkSeen> = {}): LinkSeen => ({
  name,
  index,
  type: 'veth',
  mac: `02:00:00:00:00:${String(index).padStart(2, '0')}`,
  mtu: 1500,
  up: true,
  operstate: 'UP',
  promisc: false,
  allmulti: false,
  txQLen: 1000,
  alias: '',
  master: '',
  lower: '',
  details: {},
  addresses: [],
  ...more,
})

export const addressed = (...addresses: string[]) =>
  addresses.map(address => ({ address, scope: 'global', tentative: false, dadFailed: false }))

const port = { hairpin: false, isolated: false, state: 'forwarding' }

const plug = (container: string, netns: Netns, address: string, port: string): PlugSeen => ({
  network: 'web',
  container,
  ifname: 'eth0',
  netns: netns as `/${string}`,
  addresses: [address],
  port,
  bridge: 'br-web',
  masquerades: true,
  ports: [],
})

const direct = (dev: string, source: string): RouteSeen => ({ kind: 'unicast', dev, via: '', source })
const via = (dev: string, gateway: string, source: string): RouteSeen => ({
  kind: 'unicast',
  dev,
  via: gateway,
  source,
})
export const own: RouteSeen = { kind: 'local', dev: 'lo', via: '', source: '' }

/** Two containers on a bridge, and a way out that masquerades. */
export const world = (): World => ({
  links: {
    [HOST]: [
      link('lo', 1, { type: '', mac: '00:00:00:00:00:00', mtu: 65_536, addresses: addressed('127.0.0.1/8') }),
      link('eth0', 2, { type: '', addresses: addressed('198.51.100.1/24') }),
      link('br-web', 3, { type: 'bridge', addresses: addressed('10.22.0.1/24') }),
      link('veth1', 4, { master: 'br-web', peer: 9, port }),
      link('veth2', 5, { master: 'br-web', peer: 9, port }),
    ],
    [ONE]: [link('eth0', 9, { mac: '02:00:00:00:00:11', peer: 4, addresses: addressed('10.22.0.2/24') })],
    [TWO]: [link('eth0', 9, { mac: '02:00:00:00:00:12', peer: 5, addresses: addressed('10.22.0.3/24') })],
  },
  routes: {
    [HOST]: {
      '10.22.0.1': own,
      '198.51.100.1': own,
      '10.22.0.2': direct('br-web', '10.22.0.1'),
      '10.22.0.3': direct('br-web', '10.22.0.1'),
      default: direct('eth0', '198.51.100.1'),
    },
    [ONE]: {
      '10.22.0.2': own,
      '10.22.0.1': direct('eth0', '10.22.0.2'),
      '10.22.0.3': direct('eth0', '10.22.0.2'),
      default: via('eth0', '10.22.0.1', '10.22.0.2'),
    },
    [TWO]: {
      '10.22.0.3': own,
      '10.22.0.1': direct('eth0', '10.22.0.3'),
      '10.22.0.2': direct('eth0', '10.22.0.3'),
      default: via('eth0', '10.22.0.1', '10.22.0.3'),
    },
  },
  neighbours: {},
  fdb: [],
  vlans: {},
  sysctls: {},
  rules: {
    [HOST]: [
      baseChain('inet', 'vethwork', 'masquerade/web', 'postrouting', 100, 'nat'),
      rule(
        'inet',
        'vethwork',
        'masquerade/web',
        { match: { op: '!=', left: { meta: { key: 'oifname' } }, right: 'br-web' } },
        { masquerade: null },
      ),
    ],
  },
  listeners: [],
  plugs: [plug('one', ONE, '10.22.0.2/24', 'veth1'), plug('two', TWO, '10.22.0.3/24', 'veth2')],
})

export const baseChain = (
  family: string,
  table: string,
  name: string,
  hook: string,
  prio: number,
  type = 'filter',
  policy = 'accept',
): Listed[number] => ({ chain: { family, table, name, handle: 1, type, hook, prio, policy } })

export const rule = (
  family: string,
  table: string,
  chain: string,
  ...expr: Record<string, unknown>[]
): Listed[number] => ({
  rule: { family, table, chain, handle: 7, expr },
})

/** @param set changes a link in place */
export const changed = (world: World, place: Netns, name: string, set: Partial<LinkSeen>) => {
  world.links[place] = world.links[place]!.map(one => (one.name === name ? { ...one, ...set } : one))
}

export const added = (
  world: World,
  place: Netns,
  name: string,
  index: number,
  more: Partial<LinkSeen> = {},
) => void world.links[place]!.push(link(name, index, more))

export const sightOf = (world: World): Sight => ({
  plugs: world.plugs,
  links: async place => world.links[place] ?? [],
  route: async (place, { to }) =>
    world.routes[place]?.[to] ??
    world.routes[place]?.default ?? { kind: 'refused', words: 'Network is unreachable' },
  neighbour: async (place, dev, address) => world.neighbours[`${place} ${dev} ${address}`],
  fdb: async () => world.fdb,
  vlans: async () => new Map(Object.entries(world.vlans)),
  sysctl: async (place, key) =>
    world.sysctls[`${place} ${key}`] ?? (place !== HOST && key.endsWith('forwarding') ? '0' : ''),
  ruleset: async place => rulesetOf(world.rules[place] ?? []),
  listens: async (place, protocol, address, port) =>
    world.listeners.includes(`${place} ${protocol} ${address} ${port}`),
})
