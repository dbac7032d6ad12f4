// A container on two networks answers where it was asked, also when a third machine asks and the host drops what comes
// by the wrong way.
import { rmSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { chain, namedIn } from '../helpers/chain.ts'
import { cni } from '../helpers/cni.ts'
import type { Container, Host } from '../helpers/host.ts'
import type { Netns } from '../helpers/netns.ts'
import { capture, pings } from '../helpers/packets.ts'
import { referenceDir } from '../helpers/plugins.ts'
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
  requireTool('nft'),
  requireTool('tcpdump'),
  requireTool('ping'),
  requireKernel('bridge'),
)

const network = (n: number, more: object = {}) => ({
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: `net${n}`,
  bridge: `vwtbr${n}`,
  isDefaultGateway: true,
  ipam: { ranges: [[{ subnet: `10.${n}.0.0/24` }], [{ subnet: `fd00:${n}::/64` }]] },
  ...more,
})
const own = (n: number) => [`10.${n}.0.2`, `fd00:${n}::2`]

/** The way back to the containers, beyond the host. */
const outsideOf = async (host: Host) => {
  const outside = await host.outside()
  await outside.batch(
    ...[1, 2].flatMap(n => [
      `route add 10.${n}.0.0/24 via 198.51.100.1`,
      `route add fd00:${n}::/64 via 2001:db8:51::1`,
    ]),
  )
  return outside
}

/** By each bridge only what is of its own subnets comes in. */
const strict = (host: Host) =>
  host.ok('nft', [
    [
      'table inet strict { chain in { type filter hook prerouting priority -150;',
      ...[1, 2].flatMap(n => [
        `iifname "vwtbr${n}" ip saddr != 10.${n}.0.0/24 drop;`,
        `iifname "vwtbr${n}" ip6 saddr != { fd00:${n}::/64, fe80::/10 } drop;`,
      ]),
      '}; };',
    ].join(' '),
  ])

/** By which interface it answers when `outside` asks for each address of the second network. */
const answersBy = async (outside: Netns, container: Netns, ifnames: readonly string[]) => {
  const filter = '(icmp[icmptype] == icmp-echoreply or (icmp6 and ip6[40] == 129))'
  const ears = await Promise.all(ifnames.map(name => capture(container, name, filter)))
  for (const address of own(2)) await pings(outside, address, 1)
  return (await Promise.all(ears.map(ear => ear.stop()))).map(lines => lines.length)
}

const attached = async (second: object, first: object = {}) => {
  const opened = await open()
  const { host, runtime } = opened
  const [container, outside] = [await host.container(), await outsideOf(host)]
  const [one, two] = [network(1, first), network(2, second)]
  succeeded(await runtime.add(container, one))
  const before = await policy(container)
  succeeded(await runtime.add(container, two, { ifname: 'eth1' }))
  return { ...opened, container, outside, one, two, before }
}

/** Rules and routes of a container; of what was said once, once. */
const policy = async (container: Netns) => ({
  rules: [await container.ip('-4 rule'), await container.ip('-6 rule')],
  routes: [await container.ip('-4 route show table all'), await container.ip('-6 route show table all')].map(
    list => list.filter(({ type, protocol }: Record<string, string>) => !type && protocol !== 'kernel'),
  ),
})

ready('sourceRouting', () => {
  test('without it the answer leaves by the first network, and a strict host drops it', async () => {
    const { host, container, outside } = await attached({})
    for (const address of own(2)) expect(await pings(outside, address)).toBe(true)
    expect(await answersBy(outside, container, ['eth0', 'eth1'])).toEqual([2, 0])
    await strict(host)
    for (const address of own(2)) expect(await pings(outside, address, 1)).toBe(false)
    for (const address of own(1)) expect(await pings(outside, address)).toBe(true)
  }, 60_000)

  test('with it the answer leaves as the question came', async () => {
    const { host, container, outside } = await attached({ sourceRouting: true })
    await strict(host)
    for (const address of [...own(1), ...own(2)]) expect(await pings(outside, address)).toBe(true)
    expect(await answersBy(outside, container, ['eth0', 'eth1'])).toEqual([0, 2])
    // Whatever has no address yet goes by the first, and its neighbours are reached by each.
    for (const to of ['198.51.100.2', '2001:db8:51::2', '10.1.0.1', '10.2.0.1', 'fd00:2::1'])
      expect(await pings(container, to)).toBe(true)
  }, 60_000)

  test('on both networks', async () => {
    const { host, container, outside } = await attached(
      { sourceRouting: true },
      { sourceRouting: true, table: 500 },
    )
    await strict(host)
    for (const address of [...own(1), ...own(2)]) expect(await pings(outside, address)).toBe(true)
    const rules = [...(await container.ip('-4 rule')), ...(await container.ip('-6 rule'))]
    expect(
      Object.fromEntries(rules.flatMap(({ src, table }) => (src === 'all' ? [] : [[src, table]]))),
    ).toEqual({ '10.1.0.2': '500', 'fd00:1::2': '501', '10.2.0.2': '100', 'fd00:2::2': '101' })
  }, 60_000)

  test('a table that is in use is not taken', async () => {
    const opened = await open()
    const container = await opened.host.container()
    await container.batch(
      'link set lo up',
      'route add 192.0.2.0/24 dev lo table 100',
      'rule add from 192.0.2.1 lookup 101',
    )
    await opened.add(container, network(2, { sourceRouting: true }))
    const [, { table }] = (await container.ip('-4 rule')).filter(({ src }: { src: string }) => src !== 'all')
    expect([table, (await container.ip('-4 rule')).map(({ src }: { src: string }) => src)]).toEqual([
      '101',
      ['all', '10.2.0.2', '192.0.2.1', 'all', 'all'],
    ])
    expect(await container.ip('-4 route show table 102')).toHaveLength(2)
  }, 60_000)

  const tamperings: Record<string, [line: string, says: RegExp]> = {
    'an IPv4 rule': ['-4 rule del from 10.2.0.2', /route what comes from 10\.2\.0\.2 by table 100/],
    'an IPv6 rule': ['-6 rule del from fd00:2::2', /route what comes from fd00:2::2 by table 101/],
    'a default route of its table': [
      '-4 route del default table 100',
      /add the default route via 10\.2\.0\.1 on eth1/,
    ],
    'a subnet of its table': ['-6 route del fd00:2::/64 table 101', /add the route to fd00:2::\/64 on eth1/],
  }
  for (const [name, [line, says]] of Object.entries(tamperings))
    test(`CHECK notices: ${name}`, async () => {
      const { runtime, container, two, one } = await attached({ sourceRouting: true })
      succeeded(await runtime.check(container, one))
      succeeded(await runtime.check(container, two, { ifname: 'eth1' }))
      await container.ok('ip', line.split(' '))
      const { code, msg } = failed(await runtime.check(container, two, { ifname: 'eth1' }))
      expect({ code, msg }).toEqual({ code: 106, msg: expect.stringMatching(says) })
      // That, and nothing else.
      expect(msg.split('; ')).toHaveLength(2)
    }, 60_000)

  const ends: Record<string, (all: Awaited<ReturnType<typeof attached>>) => Promise<unknown>> = {
    'of a living container': ({ del, container, two }) => del(container, two, { ifname: 'eth1' }),
    'with an empty CNI_NETNS': ({ del, container, two }) =>
      del(container, two, { ifname: 'eth1', netns: '' }),
    twice: async ({ del, container, two }) => {
      await del(container, two, { ifname: 'eth1' })
      await del(container, two, { ifname: 'eth1' })
    },
    'without prevResult and record': ({ host, runtime, del, container, two }) => {
      runtime.results.clear()
      rmSync(`${host.stateDir}/.attachments`, { recursive: true })
      return del(container, two, { ifname: 'eth1' })
    },
    'without record and lease': ({ host, del, container, two }) => {
      rmSync(host.stateDir, { recursive: true })
      return del(container, two, { ifname: 'eth1' })
    },
    'by GC': async ({ runtime, two }) => {
      runtime.results.clear()
      succeeded(await runtime.gc(two))
    },
    'with a configuration that no longer has it': ({ del, container, two }) =>
      del(container, { ...two, sourceRouting: false }, { ifname: 'eth1' }),
  }
  for (const [name, end] of Object.entries(ends))
    test(`DEL leaves no rule and no route: ${name}`, async () => {
      const all = await attached({ sourceRouting: true })
      expect(await policy(all.container)).not.toEqual(all.before)
      await end(all)
      expect(await policy(all.container)).toEqual(all.before)
      expect((await all.container.ip('link')).map(({ ifname }: { ifname: string }) => ifname)).toEqual([
        'lo',
        'eth0',
      ])
      for (const address of own(1)) expect(await pings(all.outside, address)).toBe(true)
    }, 60_000)

  test('DEL when the namespace is gone', async () => {
    const { host, del, container, two } = await attached({ sourceRouting: true })
    await host.remove(container)
    await del(container, two, { ifname: 'eth1' })
  }, 60_000)
})

given(
  requireRoot(),
  requireBuild(),
  requireFile(`${referenceDir}/sbr`),
)('sbr, behind Debian’s bridge', () => {
  const experience = async (plugin: (host: Host) => string) => {
    const opened: Scene = await open()
    const { host } = opened
    const [container, outside] = [(await host.container()) as Container, await outsideOf(host)]
    const list = (n: number, chained: boolean) => {
      const ranges = network(n).ipam.ranges
      const ipam = {
        type: 'host-local',
        dataDir: `${host.directory}/leases`,
        ranges,
        routes: [{ dst: '192.0.2.0/24' }],
      }
      const main = { ...network(n, { ipam }), cniVersion: '1.0.0', type: 'bridge' }
      const sbr = { cniVersion: '1.0.0', name: main.name, type: 'sbr' }
      return chain(host, [
        { config: main, binary: `${referenceDir}/bridge` },
        ...(chained ? [{ config: sbr, binary: plugin(host) }] : []),
      ])
    }
    succeeded(await list(1, false).add(container))
    const second = list(2, true)
    const added = await second.add(container, { ifname: 'eth1' })
    succeeded(added)
    const rules = (await container.ip('-4 rule')).concat(await container.ip('-6 rule'))
    const tables = {
      main: await container.ip('-4 route show table main'),
      v4: await container.ip('-4 route show table 100'),
      // The reference copies what is of IPv6 into the table of IPv4, too, and fe80::/64 into each.
      v6: (await container.ip('-6 route show table 101')).filter(
        ({ dst }: { dst: string }) => dst !== 'fe80::/64',
      ),
    }
    await strict(host)
    const reached: boolean[] = []
    for (const address of [...own(1), ...own(2)]) reached.push(await pings(outside, address))
    const answers = await answersBy(outside, container, ['eth0', 'eth1'])
    // Rules go while the interface is there. Debian's bridge itself finds its routes no more, and its CHECK fails.
    const call = {
      container,
      ifname: 'eth1',
      config: { cniVersion: '1.0.0', name: 'net2', type: 'sbr' },
      binary: plugin(host),
      path: referenceDir,
      prevResult: second.result,
    }
    const checked = await cni(host, { ...call, command: 'CHECK' })
    const deleted = await cni(host, { ...call, command: 'DEL' })
    return {
      routes: Object.fromEntries(Object.entries(tables).map(([name, list]) => [name, placed(list)])),
      rules,
      reached,
      answers,
      result: { ...added.json, interfaces: added.json.interfaces.length },
      checked: checked.exitCode,
      deleted: deleted.exitCode,
      after: (await container.ip('-4 rule')).concat(await container.ip('-6 rule')),
    }
  }
  /** Which way; who made a route means nothing to packets. */
  const placed = (list: Record<string, unknown>[]) =>
    list.map(({ dst, gateway, dev }) => [dst, gateway, dev].filter(Boolean).join(' ')).sort()

  test('the same rules, tables and ways', async () => {
    const ours = await experience(host => namedIn(host.directory)('sbr'))
    const theirs = await experience(() => `${referenceDir}/sbr`)
    // Debian's bridge makes one IPv6 default route with two ways, and its sbr leaves half of it in the main table.
    expect(ours).toEqual({ ...theirs, reached: [theirs.reached[0], true, ...theirs.reached.slice(2)] })
    expect({ reached: ours.reached, answers: ours.answers, checked: ours.checked }).toEqual({
      reached: [true, true, true, true],
      answers: [0, 2],
      checked: 0,
    })
  }, 90_000)
})
