// ingressPolicy, as Debian's firewall plugin has it and as a field of ours: the same packets pass, and the same do not.

import { mkdirSync, symlinkSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { chained, type Link } from '../helpers/chained.ts'
import { cni } from '../helpers/cni.ts'
import type { Container, Host } from '../helpers/host.ts'
import type { Netns } from '../helpers/netns.ts'
import { pings } from '../helpers/packets.ts'
import { executable, referenceDir } from '../helpers/plugins.ts'
import {
  given,
  requireBuild,
  requireFile,
  requireKernel,
  requireRoot,
  requireTool,
} from '../helpers/requirements.ts'
import { failed, type Scene, scenes, succeeded } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireFile(`${referenceDir}/firewall`),
  requireTool('nft'),
  requireTool('iptables'),
  requireKernel('bridge'),
)

type Policy = 'open' | 'same-bridge' | 'isolated'

/** How a network gets its policy. */
type Way = (place: { bin: string; name: string; subnets: readonly string[]; policy?: Policy }) => Link[]

const bridgeOf = (name: string, subnets: readonly string[]) => ({
  cniVersion: '1.0.0',
  name,
  type: 'bridge',
  bridge: `br-${name}`,
  isDefaultGateway: true,
  ipam: { type: 'host-local', ranges: subnets.map(subnet => [{ subnet }]) },
})
const firewallOf = (name: string, ingressPolicy?: Policy) => ({
  cniVersion: '1.0.0',
  name,
  type: 'firewall',
  backend: 'iptables',
  iptablesAdminChainName: 'CNI-ADMIN',
  firewalldZone: 'trusted',
  ingressPolicy,
})

const ways: Record<'reference' | 'firewall' | 'ours after ours' | 'field', Way> = {
  reference: ({ name, subnets, policy }) => [
    { binary: `${referenceDir}/bridge`, config: withLeases(bridgeOf(name, subnets), name) },
    { binary: `${referenceDir}/firewall`, config: firewallOf(name, policy) },
  ],
  firewall: ({ bin, name, subnets, policy }) => [
    { binary: `${referenceDir}/bridge`, config: withLeases(bridgeOf(name, subnets), name) },
    { binary: `${bin}/firewall`, config: firewallOf(name, policy) },
  ],
  'ours after ours': ({ bin, name, subnets, policy }) => [
    { binary: `${bin}/bridge`, config: bridgeOf(name, subnets) },
    { binary: `${bin}/firewall`, config: firewallOf(name, policy) },
  ],
  field: ({ name, subnets, policy }) => [
    {
      binary: executable,
      config: {
        ...bridgeOf(name, subnets),
        type: 'vethwork',
        ingressPolicy: policy,
        ipam: undefined,
        subnet: subnets,
      },
    },
  ],
}

let leases = ''
/** The reference keeps them where it is told to. */
const withLeases = (config: ReturnType<typeof bridgeOf>, name: string) => ({
  ...config,
  ipam: { ...config.ipam, dataDir: `${leases}/${name}` },
})

const networks = ['a', 'b', 'c'] as const

/** Two containers on bridge a, one on b, one on c, which has no policy; and a machine outside. */
const city = async (scene: Scene, way: Way, policy?: Policy) => {
  const { host } = scene
  leases = `${host.directory}/leases`
  const bin = `${host.directory}/ours`
  mkdirSync(bin)
  for (const name of ['bridge', 'host-local', 'firewall']) symlinkSync(executable, `${bin}/${name}`)
  const calls = chained(host, way === ways['ours after ours'] ? bin : referenceDir)
  const outside = await host.outside()
  await outside.batch('route add 10.0.0.0/8 via 198.51.100.1', 'route add fd00::/16 via 2001:db8:51::1')
  const [a1, a2, b, c] = (await host.containers(4)) as [Container, Container, Container, Container]
  const links = Object.fromEntries(
    networks.map((name, n) => [
      name,
      way({
        bin,
        name,
        subnets: [`10.${60 + n}.0.0/24`, `fd00:${60 + n}::/64`],
        policy: name === 'c' ? undefined : policy,
      }),
    ]),
  ) as Record<(typeof networks)[number], Link[]>
  const addresses: Record<string, string[]> = { outside: ['198.51.100.2', '2001:db8:51::2'] }
  const places: Record<string, Netns> = { outside, a1, a2, b, c }
  for (const [name, container, network] of [
    ['a1', a1, 'a'],
    ['a2', a2, 'a'],
    ['b', b, 'b'],
    ['c', c, 'c'],
  ] as const) {
    const ran = await calls.add(container, links[network])
    succeeded(ran)
    addresses[name] = ran.json.ips.map(({ address }: { address: string }) => address.split('/')[0])
  }
  return { ...scene, calls, links, places, addresses, a1, a2, b, c }
}

const journeys = ['a1 a2', 'a1 b', 'b a1', 'c a1', 'a1 c', 'outside a1', 'a1 outside', 'b outside', 'c b']

/** Who reaches whom by which family. Those that are not expected to arrive are tried once. */
const traffic = async (
  { places, addresses }: Awaited<ReturnType<typeof city>>,
  closed: readonly string[],
) => {
  const seen: Record<string, boolean[]> = {}
  for (const journey of journeys) {
    const [from = '', to = ''] = journey.split(' ')
    seen[journey] = []
    for (const address of addresses[to] ?? [])
      seen[journey].push(await pings(places[from]!, address, closed.includes(journey) ? 1 : 5))
  }
  return seen
}

const expected = (closed: readonly string[]) =>
  Object.fromEntries(journeys.map(one => [one, closed.includes(one) ? [false, false] : [true, true]]))

const closedBy = {
  none: [],
  open: [],
  'same-bridge': ['a1 b', 'b a1'],
  isolated: ['a1 a2', 'a1 b', 'b a1'],
} as const

ready('who reaches whom', () => {
  for (const policy of ['none', 'open', 'same-bridge', 'isolated'] as const)
    for (const [name, way] of Object.entries(ways)) {
      // Debian's 1.1.1 does not know it.
      if (policy === 'isolated' && name === 'reference') continue
      test(`${policy}: ${name}`, async () => {
        const built = await city(await open(), way, policy === 'none' ? undefined : policy)
        expect(await traffic(built, closedBy[policy])).toEqual(expected(closedBy[policy]))
        if (name !== 'reference') succeeded(await built.calls.check(built.a1, built.links.a))
      }, 120_000)
    }

  test('isolated: also by a way over the host', async () => {
    const { a1, a2, addresses } = await city(await open(), ways.field, 'isolated')
    const [gateways, [v4, v6]] = [['10.60.0.1', 'fd00:60::1'], addresses.a2 as [string, string]]
    for (const gateway of gateways) expect(await pings(a1, gateway)).toBe(true)
    await a1.batch(`route add ${v4}/32 via 10.60.0.1`, `route add ${v6}/128 via fd00:60::1`)
    await a2.batch(
      `route add ${addresses.a1![0]}/32 via 10.60.0.1`,
      `route add ${addresses.a1![1]}/128 via fd00:60::1`,
    )
    for (const address of [v4, v6]) expect(await pings(a1, address, 1)).toBe(false)
  }, 60_000)
})

ready('the firewall plugin', () => {
  const changes: Record<string, [by: (host: Host, port: string) => Promise<unknown>, says: RegExp]> = {
    'its rule': [
      host => host.ok('nft', ['flush chain inet vethwork isolation/a']),
      /add the nft rule: iifname "br-a"/,
    ],
    'its bridge': [
      host => host.ok('nft', ['flush set inet vethwork secluded-bridges']),
      /put br-a into the nft set secluded-bridges/,
    ],
    'the port': [
      (host, port) => host.batch(`link set ${port} type bridge_slave isolated off`),
      /set veth\w+ type bridge_slave isolated on/,
    ],
  }
  for (const [name, [by, says]] of Object.entries(changes))
    test(`CHECK: ${name}`, async () => {
      const { host, calls, a1, links } = await city(await open(), ways.firewall, 'isolated')
      succeeded(await calls.check(a1, links.a.slice(1)))
      await by(host, await portOf(host, a1))
      expect(failed(await calls.check(a1, links.a.slice(1)))).toMatchObject({
        code: 106,
        msg: expect.stringMatching(says),
      })
    }, 60_000)

  test('DEL: twice, without a namespace, without what was remembered; GC', async () => {
    const scene = await open()
    const { host, calls, links, a1, a2, b } = await city(scene, ways.firewall, 'isolated')
    for (const ran of await calls.del(a1, links.a)) succeeded(ran)
    for (const ran of await calls.del(a1, links.a)) succeeded(ran)
    for (const ran of await calls.del(a2, links.a, '')) succeeded(ran)
    await host.remove(b)
    await host.ok('rm', ['-r', `${host.stateDir}/.attachments`])
    for (const ran of await calls.del(b, links.b)) succeeded(ran)
    for (const { id } of [a1, a2, b]) expect(await host.ok('nft', ['list', 'ruleset'])).not.toContain(id)
    const [, firewall] = links.c
    const config = { ...firewall!.config, cniVersion: '1.1.0', 'cni.dev/valid-attachments': [] }
    succeeded(await cni(host, { command: 'GC', config, binary: firewall!.binary }))
  }, 60_000)

  test('what it cannot keep apart it refuses, and changes nothing', async () => {
    const scene = await open()
    const { host } = scene
    const bin = `${host.directory}/ours`
    mkdirSync(bin)
    symlinkSync(executable, `${bin}/firewall`)
    const container = await host.container()
    await container.batch('link add eth0 type veth peer name eth1', 'addr add 10.60.0.2/24 dev eth0')
    const before = await scene.remember()
    const prevResult = {
      cniVersion: '1.0.0',
      interfaces: [{ name: 'eth0', sandbox: container.path }],
      ips: [{ address: '10.60.0.2/24', interface: 0 }],
    }
    const add = (config: object) =>
      cni(host, { command: 'ADD', config, container, binary: `${bin}/firewall`, prevResult })
    expect(failed(await add(firewallOf('a', 'same-bridge')))).toMatchObject({
      code: 7,
      msg: expect.stringMatching(/ingressPolicy needs a port of a bridge/),
    })
    expect(failed(await add({ ...firewallOf('a'), securityGroups: {} }))).toMatchObject({ code: 7 })
    await before.expectSame(container)
    succeeded(await add(firewallOf('a', 'open')))
  }, 60_000)
})

/** The host's end of a container's cable. */
const portOf = async (host: Host, container: Netns): Promise<string> => {
  const [inside] = await container.ip('link show eth0')
  const links = (await host.ip('link')) as { ifindex: number; ifname: string }[]
  return links.find(({ ifindex }) => ifindex === inside.link_index)!.ifname
}
