// Published ports: reached from everywhere that may ask, by nobody else, and nothing that passes through the host is caught.
import { afterEach, expect, test } from '@jest/globals'
import { answerDatagrams, askDatagram } from '../helpers/datagrams.ts'
import type { Container, Host } from '../helpers/host.ts'
import { configOf, hostSeen, networkName } from '../helpers/modes.ts'
import { connect, type Listener, listen } from '../helpers/packets.ts'
import { dns, publishing, web } from '../helpers/portmappings.ts'
import { withPorts } from '../helpers/published.ts'
import { failed, scenes } from '../helpers/scene.ts'

const open = scenes(afterEach)
const listeners: Listener[] = []
afterEach(async () => {
  await Promise.all(listeners.splice(0).map(one => one.stop()))
})

/** It says who asked, at 80/tcp and 53/udp. */
const serving = async (container: Container) => {
  listeners.push(await listen(container, 80), await answerDatagrams(container, 53))
}

/** A bridge speaks IPv6 to its neighbours for others when its own link-local address is known to be unique: 2 s. */
const settled = async (outside: Pick<Host, 'sh'>) =>
  expect(await connect(outside, hostSeen.v6, 8080, 10)).toBe('2001:db8:51::2\n')

const filterBridged = (host: Host, on: boolean) =>
  host.sh('sh', [
    '-c',
    `for one in iptables ip6tables; do echo ${Number(on)} >/proc/sys/net/bridge/bridge-nf-call-$one; done`,
  ])

/** Everybody who may ask, whom they ask, and whom the container then sees. */
const askers = (host: Host, outside: Pick<Host, 'sh'>, one: Container, neighbour: Container) =>
  ({
    'from outside': [outside, hostSeen.v4, '198.51.100.2'],
    'from outside, IPv6': [outside, hostSeen.v6, '2001:db8:51::2'],
    'from the host by its address': [host, hostSeen.v4, hostSeen.v4],
    'from the host, IPv6': [host, hostSeen.v6, hostSeen.v6],
    'from the host by the gateway': [host, '10.44.0.1', '10.44.0.1'],
    'from the host by 127.0.0.1': [host, '127.0.0.1', '10.44.0.1'],
    'from a neighbour': [neighbour, hostSeen.v4, '10.44.0.1'],
    'from a neighbour by the gateway': [neighbour, '10.44.0.1', '10.44.0.1'],
    'from a neighbour, IPv6': [neighbour, hostSeen.v6, 'fd00:44::1'],
    'from itself': [one, hostSeen.v4, '10.44.0.1'],
    'from itself, IPv6': [one, hostSeen.v6, 'fd00:44::1'],
  }) as const

const isBridgeFiltered = async (host: Host) =>
  (await host.sh('test', ['-e', '/proc/sys/net/bridge/bridge-nf-call-iptables'])).exitCode === 0

withPorts('a published port is reached', () => {
  for (const filtered of [true, false])
    for (const hairpinMode of [true, false])
      test(`with br_netfilter ${filtered ? 'on' : 'off'} and hairpinMode ${hairpinMode}`, async () => {
        const { host, add, runtime } = await open()
        const outside = await host.outside()
        await filterBridged(host, filtered)
        if (filtered && !(await isBridgeFiltered(host))) return // the kernel has no br_netfilter
        const [one, neighbour] = (await host.containers(2)) as [Container, Container]
        const config = publishing([web, dns], { hairpinMode })
        await add(one, config)
        await add(neighbour, configOf('nat', 'dual', { hairpinMode }))
        await serving(one)
        await settled(outside)

        const all = Object.entries(askers(host, outside, one, neighbour))
        const seen: Record<string, unknown> = {}
        for (const [name, [from, to]] of all)
          seen[name] = [(await connect(from, to, 8080))?.trim(), await askDatagram(from, to, 5353)]
        expect(seen).toEqual(Object.fromEntries(all.map(([name, [, , source]]) => [name, [source, source]])))
        // Another port of the host, and of the same number for the other protocol.
        expect(await connect(outside, hostSeen.v4, 8081, 1)).toBeUndefined()
        expect(await askDatagram(outside, hostSeen.v4, 8080, { seconds: 1 })).toBeUndefined()
        expect(await runtime.check(one, config)).toMatchObject({ exitCode: 0 })
      }, 60_000)

  test('with hostIP at that address alone; the wildcard of one family in that one', async () => {
    const { host, add } = await open()
    const outside = await host.outside()
    await host.batch('addr add 198.51.100.7/24 dev eth0')
    const one = await host.container()
    const at = (hostPort: number, hostIP: string) => ({ ...web, hostPort, hostIP })
    await add(
      one,
      publishing([at(81, '198.51.100.7'), at(82, '0.0.0.0'), at(83, '::'), at(84, '127.0.0.1'), web]),
    )
    await serving(one)
    await settled(outside)
    const reached = async (from: Pick<Host, 'sh'>, to: string, port: number) =>
      (await connect(from, to, port, 1)) !== undefined
    const seen: boolean[][] = []
    for (const port of [81, 82, 83, 84])
      seen.push([
        await reached(outside, '198.51.100.7', port),
        await reached(outside, hostSeen.v4, port),
        await reached(outside, hostSeen.v6, port),
        await reached(host, '127.0.0.1', port),
      ])
    expect(seen).toEqual([
      [true, false, false, false],
      [true, true, false, true],
      [false, false, true, false],
      [false, false, false, true],
    ])
  }, 60_000)

  test('as a range of ports, each by its own', async () => {
    const { host, add, del } = await open()
    const outside = await host.outside()
    const one = await host.container()
    const config = publishing([{ hostPort: 9000, containerPort: 7000, range: 3 }])
    await add(one, config)
    for (const port of [7000, 7001, 7002]) listeners.push(await listen(one, port, `port ${port}`))
    const said = []
    for (const port of [9000, 9001, 9002, 9003]) said.push(await connect(outside, hostSeen.v4, port, 1))
    expect(said).toEqual(['port 7000\n', 'port 7001\n', 'port 7002\n', undefined])
    await del(one, config)
    expect(await host.ok('nft', ['list', 'ruleset'])).not.toContain(one.id)
  }, 60_000)

  test('without snat from outside as ever, not from beside it and not by 127.0.0.1', async () => {
    const { host, add } = await open()
    const outside = await host.outside()
    const [one, neighbour] = (await host.containers(2)) as [Container, Container]
    await add(one, publishing([web], { snat: false }))
    await add(neighbour, configOf('nat', 'dual'))
    await serving(one)
    expect((await connect(outside, hostSeen.v4, 8080))?.trim()).toBe('198.51.100.2')
    expect((await connect(host, hostSeen.v4, 8080))?.trim()).toBe(hostSeen.v4)
    expect(await connect(host, '127.0.0.1', 8080, 1)).toBeUndefined()
  }, 60_000)

  test('with masqAll everybody is seen as the host', async () => {
    const { host, add } = await open()
    const outside = await host.outside()
    const one = await host.container()
    await add(one, publishing([web], { masqAll: true }))
    await serving(one)
    expect((await connect(outside, hostSeen.v4, 8080))?.trim()).toBe('10.44.0.1')
    expect((await connect(outside, hostSeen.v6, 8080))?.trim()).toBe('fd00:44::1')
  }, 60_000)
})

withPorts('where the physical network has its own gateway (mode flat)', () => {
  test('everybody is seen as the host, and answers come back by it', async () => {
    const { host, add, runtime, del } = await open()
    const outside = await host.outside()
    const one = await host.container()
    const config = {
      cniVersion: '1.1.0',
      type: 'vethwork',
      name: 'lan',
      mode: 'flat',
      master: 'eth0',
      ipam: { type: 'vethwork-ipam', ranges: [[{ subnet: '198.51.100.0/24', rangeStart: '198.51.100.50' }]] },
      runtimeConfig: { portMappings: [web, dns] },
    }
    await add(one, config)
    await serving(one)
    expect((await connect(outside, '198.51.100.50', 80))?.trim()).toBe('198.51.100.2')
    for (const from of [outside, host, one]) {
      expect((await connect(from, hostSeen.v4, 8080))?.trim()).toBe(hostSeen.v4)
      expect(await askDatagram(from, hostSeen.v4, 5353)).toBe(hostSeen.v4)
    }
    expect((await connect(host, '127.0.0.1', 8080))?.trim()).toBe(hostSeen.v4)
    expect(await runtime.check(one, config)).toMatchObject({ exitCode: 0 })
    await del(one, config)
    expect(await connect(outside, hostSeen.v4, 8080, 1)).toBeUndefined()
  }, 60_000)
})

withPorts('what must not be reached by a published port', () => {
  test('passes: traffic through the host to another machine with that port (GHSA-jv3w-x3r3-g6rm)', async () => {
    const { host, add } = await open()
    const outside = await host.outside()
    const [one, behind] = (await host.containers(2)) as [Container, Container]
    await add(one, publishing([web, dns]))
    await add(behind, configOf('nat', 'dual'))
    await serving(one)
    // A machine behind this host, by its own address; and one beyond it, asked from inside.
    listeners.push(await listen(behind, 8080, 'behind'), await answerDatagrams(behind, 5353, 'behind'))
    listeners.push(await listen(outside, 8080, 'outside'))
    expect((await connect(outside, hostSeen.v4, 8080))?.trim()).toBe('198.51.100.2')
    await outside.batch('route add 10.44.0.0/24 via 198.51.100.1')
    expect(await connect(outside, '10.44.0.3', 8080)).toBe('behind\n')
    expect(await askDatagram(outside, '10.44.0.3', 5353)).toBe('behind')
    expect(await connect(behind, '198.51.100.2', 8080)).toBe('outside\n')
  }, 60_000)

  test('127.0.0.1 of the host, from a container (CVE-2020-8558)', async () => {
    const { host, add } = await open()
    const one = await host.container()
    await add(one, publishing([web, { ...web, hostPort: 84, hostIP: '127.0.0.1' }]))
    listeners.push(await listen(host, 9000, 'secret'))
    await serving(one)
    // It forgets that 127/8 is its own, and sends it to the host.
    await one.ok('sh', [
      '-c',
      'for one in all eth0; do echo 1 >/proc/sys/net/ipv4/conf/$one/route_localnet; done',
    ])
    await one.batch('addr del 127.0.0.1/8 dev lo', 'route add 127.0.0.1 via 10.44.0.1 src 10.44.0.2')
    expect(await host.ok('cat', ['/proc/sys/net/ipv4/conf/br-web.net-1/route_localnet'])).toBe('1\n')
    expect(await connect(one, '10.44.0.1', 9000)).toBe('secret\n')
    expect(await connect(one, '127.0.0.1', 9000, 1)).toBeUndefined()
    expect(await connect(one, '127.0.0.1', 84, 1)).toBeUndefined()
    // It is the rule that keeps it: without, the kernel takes it.
    await host.ok('nft', ['flush', 'chain', 'inet', 'vethwork', 'ports-martians'])
    expect(await connect(one, '127.0.0.1', 9000)).toBe('secret\n')
    expect(await connect(one, '127.0.0.1', 84, 1)).toBeUndefined()
  }, 60_000)
})

withPorts('conditions', () => {
  const cases: [string, object, boolean, boolean][] = [
    ['the words of iptables: -s', { conditionsV4: ['-s', '198.51.100.2'] }, true, false],
    ['! -s', { conditionsV4: ['!', '-s', '198.51.100.2'] }, false, true],
    ['the words of nft: ip saddr', { conditionsV4: ['ip', 'saddr', '198.51.100.0/24'] }, true, true],
    ['ip saddr !=', { conditionsV4: ['ip saddr != 198.51.100.2'] }, false, true],
    [
      '-d, of one of the host’s addresses',
      { conditionsV4: ['-d', '198.51.100.1', '-s', '198.51.100.2'] },
      true,
      false,
    ],
    ['-i', { conditionsV4: ['-i', 'eth0'] }, true, false],
    ['iifname !=', { conditionsV4: ['iifname', '!=', '"eth0"'] }, false, true],
    [
      'of the other family do not count',
      { conditionsV6: ['ip6', 'saddr', '2001:db8:ffff::/48'] },
      true,
      true,
    ],
  ]
  test.each(cases)(
    '%s',
    async (_, conditions, byOutside, byHost) => {
      const { host, add, runtime, del } = await open()
      const outside = await host.outside()
      const one = await host.container()
      const config = publishing([web], { ...conditions })
      await add(one, config)
      await serving(one)
      const wanted = [byOutside, byHost]
      const found: boolean[] = []
      for (const from of [outside, host])
        found.push((await connect(from, hostSeen.v4, 8080, 1)) !== undefined)
      expect(found).toEqual(wanted)
      expect(await runtime.check(one, config)).toMatchObject({ exitCode: 0 })
      await del(one, config)
      expect(await host.ok('nft', ['list', 'ruleset'])).not.toContain(one.id)
    },
    60_000,
  )

  test('ports of networks with and without them are the same ports', async () => {
    const { host, add, runtime } = await open()
    const [one, two] = (await host.containers(2)) as [Container, Container]
    await add(one, publishing([web], { conditionsV4: ['-i', 'eth0'] }))
    const refused = failed(await runtime.add(two, publishing([web], { name: 'other', bridge: 'br-other' })))
    expect(refused.msg).toContain(`port 8080/tcp of the host is taken by ${networkName}/${one.id}/eth0`)
  }, 60_000)
})
