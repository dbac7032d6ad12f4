// What a runtime and a configuration ask of addresses, routes and DNS is done, shown and seen by packets.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { configOf, networkName } from '../helpers/modes.ts'
import type { Netns } from '../helpers/netns.ts'
import { capture, pings } from '../helpers/packets.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('tcpdump'),
  requireTool('ping'),
  requireKernel('bridge'),
)

const base = configOf('nat', 'dual')
const routed = (routes: object[], more: object = {}) => ({ ...base, ipam: { ...base.ipam, routes }, ...more })

/** A route as the kernel has it, in numbers. */
const routeIn = async (container: Netns, family: 4 | 6, dst: string) => {
  const all = JSON.parse(
    await container.ok('ip', ['-j', '-d', '-N', `-${family}`, 'route', 'show', 'table', 'all']),
  )
  const found = all.filter((one: { dst: string; table?: string }) => one.dst === dst && one.table !== '255')
  expect(found).toHaveLength(1)
  const [{ gateway, dev, table, metric, scope, metrics = [] }] = found
  return { gateway, dev, table, metric, scope, ...Object.assign({}, ...metrics) }
}

ready('routes', () => {
  const cases: Record<string, [route: object, v4: object, v6: object]> = {
    plain: [{}, {}, {}],
    'a gateway of its own': [
      { gw: { 4: '10.44.0.9', 6: 'fd00:44::9' } },
      { gateway: '10.44.0.9' },
      { gateway: 'fd00:44::9' },
    ],
    mtu: [{ mtu: 1300 }, { mtu: 1300 }, { mtu: 1300 }],
    advmss: [{ advmss: 1000 }, { advmss: 1000 }, { advmss: 1000 }],
    priority: [{ priority: 50 }, { metric: 50 }, { metric: 50 }],
    table: [{ table: 77 }, { table: '77' }, { table: '77' }],
    // IPv6 has no scopes; what is on the link has no gateway in either.
    scope: [{ scope: 253 }, { scope: '253', gateway: undefined }, { gateway: undefined }],
    all: [
      { mtu: 1300, advmss: 1000, priority: 50, table: 77 },
      { mtu: 1300, advmss: 1000, metric: 50, table: '77' },
      { mtu: 1300, advmss: 1000, metric: 50, table: '77' },
    ],
  }
  for (const [name, [route, v4, v6]] of Object.entries(cases))
    test(name, async () => {
      const { host, runtime, add, del, remember } = await open()
      const [resident, container] = await host.containers(2)
      await add(resident!, base)
      const before = await remember()
      const { gw, ...rest } = route as { gw?: Record<4 | 6, string> }
      const config = routed([
        { dst: '203.0.113.0/24', ...rest, ...(gw ? { gw: gw[4] } : {}) },
        { dst: '2001:db8:9::/48', ...rest, ...(gw ? { gw: gw[6] } : {}) },
      ])
      const { json } = await add(container!, config)
      expect(json.routes.slice(0, 2)).toMatchObject([rest, rest])
      const silent = {
        dev: 'eth0',
        table: '254',
        scope: '0',
        metric: undefined,
        mtu: undefined,
        advmss: undefined,
      }
      expect(await routeIn(container!, 4, '203.0.113.0/24')).toEqual({
        ...silent,
        gateway: '10.44.0.1',
        ...v4,
      })
      expect(await routeIn(container!, 6, '2001:db8:9::/48')).toMatchObject({
        gateway: 'fd00:44::1',
        dev: 'eth0',
        ...v6,
      })
      succeeded(await runtime.check(container!, config))
      await del(container!, config)
      await before.expectSame(container!)
    }, 60_000)

  test('packets are as large as mtu says, and TCP asks for what advmss says', async () => {
    const { host, add } = await open()
    const [container, outside] = [await host.container(), await host.outside()]
    const small = { mtu: 1300, advmss: 1000 }
    await add(
      container,
      routed([
        { dst: '198.51.100.0/24', ...small },
        { dst: '2001:db8:51::/64', ...small },
      ]),
    )
    for (const [to, header] of [
      ['198.51.100.2', 28],
      ['2001:db8:51::2', 48],
    ] as const) {
      expect(await pings(container, to)).toBe(true)
      const ping = (size: number) =>
        container.sh('ping', ['-n', '-c1', '-W1', '-M', 'do', '-s', `${size - header}`, to])
      expect((await ping(1300)).exitCode).toBe(0)
      const tooLarge = await ping(1301)
      expect([tooLarge.exitCode, tooLarge.stdout + tooLarge.stderr]).toEqual([
        1,
        expect.stringMatching(/mtu.?=? ?1300/),
      ])
      const ear = await capture(outside, 'eth0', 'tcp port 7009')
      await container.sh('timeout', ['2', 'bash', '-c', `exec 3<>/dev/tcp/${to}/7009`])
      await ear.seen(/mss/)
      expect((await ear.stop())[0]).toMatch(/Flags \[S\].*mss 1000/)
    }
  }, 60_000)

  test('CHECK notices another mtu', async () => {
    const { host, add, runtime } = await open()
    const container = await host.container()
    const config = routed([{ dst: '203.0.113.0/24', mtu: 1300 }])
    await add(container, config)
    await container.batch('route change 203.0.113.0/24 via 10.44.0.1 dev eth0 mtu 1200')
    expect(failed(await runtime.check(container, config))).toMatchObject({ code: 106 })
  }, 60_000)

  test('of two networks the first has the default route; the second is complete without', async () => {
    const { host, add, del, runtime } = await open()
    const [container, outside] = [await host.container(), await host.outside()]
    const ranges = [[{ subnet: '10.45.0.0/24' }], [{ subnet: 'fd00:45::/64' }]]
    const second = { ...base, name: 'second', ipam: { ranges } }
    await add(container, base)
    await add(container, second, { ifname: 'eth1' })
    for (const to of ['198.51.100.2', '2001:db8:51::2', '10.45.0.1', 'fd00:45::1'])
      expect(await pings(container, to)).toBe(true)
    for (const family of ['-4', '-6'])
      expect(await container.ip(`${family} route show default`)).toMatchObject([{ dev: 'eth0' }])
    succeeded(await runtime.check(container, base))
    succeeded(await runtime.check(container, second, { ifname: 'eth1' }))
    await del(container, second, { ifname: 'eth1' })
    expect(await pings(container, '198.51.100.2')).toBe(true)
    await outside.ok('true')
  }, 60_000)
})

ready('GATEWAY of CNI_ARGS', () => {
  const plain = {
    ...configOf('hairpinMode', 'dual'),
    isDefaultGateway: false,
    ipMasq: false,
    isGateway: false,
  }
  const config = { ...plain, ipam: { ...plain.ipam, routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }] } }

  test('is the gateway of its subnet', async () => {
    const { host, runtime, add, del } = await open()
    const container = await host.container()
    const args = 'IgnoreUnknown=1;GATEWAY=10.44.0.250,fd00:44:0::fa'
    const { json } = await add(container, config, { args })
    expect(json.ips.map(({ gateway }: { gateway: string }) => gateway)).toEqual([
      '10.44.0.250',
      'fd00:44::fa',
    ])
    expect(await container.ip('-4 route show default')).toMatchObject([{ gateway: '10.44.0.250' }])
    expect(await container.ip('-6 route show default')).toMatchObject([{ gateway: 'fd00:44::fa' }])
    succeeded(await runtime.check(container, config, { args }))
    await del(container, config, { args })
  }, 60_000)

  const refused: Record<string, [config: object, gateway: string, says: RegExp]> = {
    'of no subnet': [config, '10.99.0.1', /CNI_ARGS GATEWAY '10\.99\.0\.1' is in no subnet/],
    'no address': [config, '10.44.0.999', /CNI_ARGS GATEWAY '10\.44\.0\.999' /],
    'where the bridge is the gateway': [
      base,
      '10.44.0.9',
      /'10\.44\.0\.9' is not the network's gateway 10\.44\.0\.1/,
    ],
  }
  for (const [name, [conf, gateway, says]] of Object.entries(refused))
    test(`refused: ${name}`, async () => {
      const { host, runtime, remember } = await open()
      const container = await host.container()
      const before = await remember()
      const ran = await runtime.add(container, { ...conf }, { args: `GATEWAY=${gateway}` })
      expect(failed(ran)).toMatchObject({
        code: 4,
        msg: expect.stringMatching(says),
        details: expect.stringMatching(/\w/),
      })
      await before.expectSame(container)
    }, 60_000)
})

ready('DNS and names', () => {
  const dnsOf = async (more: object) => {
    const { host, add } = await open()
    const container = await host.container()
    writeFileSync(
      `${host.directory}/resolv.conf`,
      'nameserver 192.0.2.53\nsearch ipam.example\ndomain ipam.example\n',
    )
    const ipam = { ...base.ipam, resolvConf: `${host.directory}/resolv.conf` }
    const { json } = await add(container, { ...base, ipam, ...more })
    return json.dns
  }
  const own = { nameservers: ['192.0.2.1'], domain: 'own.example', search: ['own.example'] }

  test("IPAM's, where nobody says more", async () => {
    expect(await dnsOf({})).toMatchObject({ nameservers: ['192.0.2.53'], domain: 'ipam.example' })
  }, 30_000)
  test("the configuration's instead, as a whole", async () => {
    expect(await dnsOf({ dns: own })).toEqual(own)
  }, 30_000)
  test("the runtime's above that, each for itself", async () => {
    const runtimeConfig = { DNS: { Servers: ['192.0.2.2'], Searches: [], Options: ['ndots:5'] } }
    expect(await dnsOf({ dns: own, runtimeConfig })).toEqual({
      ...own,
      nameservers: ['192.0.2.2'],
      options: ['ndots:5'],
    })
  }, 30_000)

  test('aliases and labels are remembered until DEL', async () => {
    const { host, add, del } = await open()
    const container = await host.container()
    const labels = [{ key: 'app', value: 'web' }]
    const config = {
      ...base,
      runtimeConfig: { aliases: ['db', 'database'] },
      args: { cni: { labels, other: 7 } },
    }
    await add(container, config)
    const directory = `${host.stateDir}/.attachments/${networkName}`
    const records = () =>
      readdirSync(directory).map(name => JSON.parse(readFileSync(`${directory}/${name}`, 'utf8')))
    expect(records()).toMatchObject([
      { data: { record: { wants: { aliases: ['db', 'database'], labels } } } },
    ])
    await del(container, config)
    expect(records()).toEqual([])
  }, 30_000)

  test('a second ADD leaves the record of the first alone', async () => {
    const { host, runtime, add, del } = await open()
    const [container, other] = await host.containers(2)
    const config = { cniVersion: '1.1.0', type: 'vethwork', name: networkName, ipam: {} }
    await add(container!, config)
    const directory = `${host.stateDir}/.attachments/${networkName}`
    const names = readdirSync(directory)
    failed(await runtime.add(container!, config))
    failed(await runtime.add({ ...other!, id: container!.id }, config))
    expect(readdirSync(directory)).toEqual(names)
    await del(container!, config)
    expect(readdirSync(directory)).toEqual([])
  }, 30_000)
})

given(
  requireRoot(),
  requireBuild(),
  requireKernel('macvlan'),
)('macvlan', () => {
  const attached = async () => {
    const opened = await open()
    const { host } = opened
    await host.batch(
      'link add eth1 address 02:00:00:00:01:01 type veth peer name far1',
      'link set eth1 up',
      'link set far1 up',
    )
    const container = await host.container()
    const config = {
      cniVersion: '1.1.0',
      type: 'vethwork',
      name: networkName,
      mode: 'macvlan',
      master: 'eth1',
      subnet: '10.47.0.0/24',
    }
    const before = await opened.remember()
    await opened.add(container, config)
    return { ...opened, container, config, before }
  }
  const linksOf = async (container: Netns) =>
    (await container.ip('link')).map(({ ifname }: { ifname: string }) => ifname)

  test('DEL with an empty CNI_NETNS finds it by the record', async () => {
    const { container, config, del, before } = await attached()
    expect(await linksOf(container)).toContain('eth0')
    await del(container, config, { netns: '' })
    expect(await linksOf(container)).toEqual(['lo'])
    await before.expectSame(container)
  }, 30_000)

  test('DEL with an empty CNI_NETNS, when another namespace is at the path', async () => {
    const { host, container, config, del, before } = await attached()
    await host.ok('sh', [
      '-c',
      `umount ${container.path} && mount --bind /proc/self/ns/net ${container.path}`,
    ])
    await del(container, config, { netns: '' })
    expect(await linksOf(host)).toContain('eth1')
    await before.expectSame(container)
  }, 30_000)
})
