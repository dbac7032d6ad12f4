// Security groups, proven with packets: what is allowed passes, both ways; what is not does not, from nobody.
import { rmSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import type { Container, Host } from '../helpers/host.ts'
import { networkName } from '../helpers/modes.ts'
import type { Netns } from '../helpers/netns.ts'
import { capture, connect, listen, pings } from '../helpers/packets.ts'
import { executable } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, type Scene, scenes, succeeded } from '../helpers/scene.ts'
import { answerUdp, askUdp } from '../helpers/udp.ts'

const open = scenes(afterEach)
const ready = given(requireRoot(), requireBuild(), requireTool('nft'), requireKernel('bridge'))

const ranges = [[{ subnet: '10.44.0.0/24' }], [{ subnet: 'fd00:44::/64' }]]
const beyond = ['198.51.100.2', '2001:db8:51::2']

const groups = {
  web: [{ protocol: 'tcp', ports: 80 }, { protocol: 'icmp' }, { protocol: 'icmpv6' }],
  db: [{ protocol: 'tcp', ports: '5432', remoteGroup: 'web' }],
  dns: [{ protocol: 'udp', ports: '53-54', remote: '198.51.100.0/24' }],
  tied: [{ direction: 'egress', protocol: 'tcp', ports: 80 }],
}

const configOf = (securityGroups: object, more: object = {}) => ({
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: networkName,
  mode: 'nat',
  ipMasq: false,
  ipam: { type: 'vethwork-ipam', ranges },
  securityGroups,
  ...more,
})
const inGroups = (...names: string[]) => ({ args: `SECURITY_GROUPS=${names.join(',')}` })

interface Plugged {
  readonly container: Container
  readonly v4: string
  readonly v6: string
  readonly both: readonly string[]
  readonly port: string
}

const plug = async ({ host, add }: Scene, config: object, ...names: string[]): Promise<Plugged> => {
  const container = await host.container()
  const { json } = await add(container, { ...config }, names.length ? inGroups(...names) : {})
  const [v4, v6] = json.ips.map(({ address }: { address: string }) => address.split('/')[0])
  return { container, v4, v6, both: [v4, v6], port: json.interfaces[1].name }
}

/** A machine beyond the host that has a route to the containers. */
const routedOutside = async (host: Host): Promise<Netns> => {
  const outside = await host.outside()
  await outside.batch('route add 10.44.0.0/24 via 198.51.100.1', 'route add fd00:44::/64 via 2001:db8:51::1')
  return outside
}

/** Long enough for a slow machine to be sure that nothing came. */
const heard = async (from: Pick<Netns, 'sh'>, to: string, port: number, seconds = 2) =>
  (await connect(from, to, port, seconds))?.trim()

ready('who reaches whom', () => {
  test('by TCP: from outside, from the host, from neighbours; a group by its members', async () => {
    const scene = await open()
    const outside = await routedOutside(scene.host)
    const config = configOf(groups)
    const web = await plug(scene, config, 'web')
    const db = await plug(scene, config, 'db')
    const none = await plug(scene, config)
    const servers = [
      await listen(web.container, 80, 'web'),
      await listen(web.container, 81, 'other'),
      await listen(db.container, 5432, 'db'),
      await listen(none.container, 80, 'none'),
    ]
    try {
      for (const n of [0, 1]) {
        for (const from of [outside, scene.host, db.container, none.container]) {
          expect(await heard(from, web.both[n]!, 80, 9)).toBe('web')
          expect(await heard(from, web.both[n]!, 81)).toBeUndefined()
          if (from !== none.container) expect(await heard(from, none.both[n]!, 80)).toBeUndefined()
        }
        expect(await heard(web.container, db.both[n]!, 5432, 9)).toBe('db')
        for (const from of [outside, scene.host, none.container])
          expect(await heard(from, db.both[n]!, 5432)).toBeUndefined()
        // Within the container nothing is looked at.
        expect(await heard(web.container, web.both[n]!, 81, 9)).toBe('other')
      }
    } finally {
      for (const server of servers) await server.stop()
    }
    for (const [one, names] of [
      [web, ['web']],
      [db, ['db']],
    ] as const)
      succeeded(await scene.runtime.check(one.container, config, inGroups(...names)))
  }, 300_000)

  test('by ping; ARP and ND are for everybody', async () => {
    const scene = await open()
    const outside = await routedOutside(scene.host)
    const config = configOf(groups)
    const web = await plug(scene, config, 'web')
    const db = await plug(scene, config, 'db')
    for (const n of [0, 1]) {
      expect(await pings(outside, web.both[n]!)).toBe(true)
      expect(await pings(scene.host, web.both[n]!)).toBe(true)
      expect(await pings(db.container, web.both[n]!)).toBe(true)
      expect(await pings(db.container, beyond[n]!)).toBe(true)
      // Who was just pinged by it may not ping it back.
      for (const from of [outside, scene.host, web.container])
        expect(await pings(from, db.both[n]!, 1)).toBe(false)
    }
    const neighbours = (await scene.host.ip('neigh show dev br-web.net-1')) as {
      dst: string
      lladdr?: string
    }[]
    for (const address of db.both)
      expect(neighbours.find(({ dst }) => dst === address)?.lladdr).toMatch(/^02:42/)
  }, 300_000)

  test('by UDP: the answer comes back, a question from there does not', async () => {
    const scene = await open()
    const outside = await routedOutside(scene.host)
    const config = configOf(groups)
    const dns = await plug(scene, config, 'dns')
    const none = await plug(scene, config)
    const servers = [
      await answerUdp(dns.container, 53),
      await answerUdp(dns.container, 55),
      await answerUdp(outside, 53),
    ]
    try {
      expect(await askUdp(outside, dns.v4, 53)).toBe('you said hello')
      expect(await askUdp(outside, dns.v4, 55)).toBeUndefined()
      // The remote is of IPv4.
      expect(await askUdp(outside, dns.v6, 53)).toBeUndefined()
      expect(await askUdp(none.container, dns.v4, 53)).toBeUndefined()
      for (const address of beyond) expect(await askUdp(none.container, address, 53)).toBe('you said hello')
    } finally {
      for (const server of servers) await server.stop()
    }
  }, 300_000)

  test('out: everywhere, until one of its groups says where; and several groups add up', async () => {
    const scene = await open()
    const outside = await routedOutside(scene.host)
    const config = configOf(groups)
    const web = await plug(scene, config, 'web')
    const tied = await plug(scene, config, 'tied', 'web')
    const servers = [
      await listen(outside, 80, 'outside'),
      await listen(outside, 81, 'far'),
      await listen(web.container, 80, 'web'),
      await listen(tied.container, 80, 'tied'),
    ]
    try {
      for (const n of [0, 1]) {
        expect(await heard(web.container, beyond[n]!, 81, 9)).toBe('far')
        expect(await heard(tied.container, beyond[n]!, 80, 9)).toBe('outside')
        expect(await heard(tied.container, web.both[n]!, 80, 9)).toBe('web')
        expect(await heard(tied.container, beyond[n]!, 81)).toBeUndefined()
        expect(await pings(tied.container, beyond[n]!, 1)).toBe(false)
        // It answers whoever may ask.
        expect(await heard(outside, tied.both[n]!, 80, 9)).toBe('tied')
        expect(await pings(outside, tied.both[n]!)).toBe(true)
      }
    } finally {
      for (const server of servers) await server.stop()
    }
  }, 300_000)

  test('with ports of a connection to it the other end opens none', async () => {
    const scene = await open()
    const outside = await routedOutside(scene.host)
    const none = await plug(scene, configOf(groups))
    const server = await listen(outside, 8080, 'outside')
    const connected = await connectFrom(none.container, 40404, beyond[0]!, 8080)
    expect(connected).toBe('outside')
    await server.stop()
    const inside = await listen(none.container, 40404, 'inside')
    try {
      const wire = await capture(scene.host, none.port, 'tcp dst port 40404')
      expect(await connectFrom(outside, 8080, none.v4, 40404)).toBe('')
      // tcpdump sees what leaves by the port, behind the rules.
      expect(await wire.stop()).toEqual([])
    } finally {
      await inside.stop()
    }
  }, 120_000)

  test('a published port is held to the rules by the container’s port', async () => {
    const scene = await open()
    const outside = await routedOutside(scene.host)
    const web = await plug(scene, configOf(groups), 'web')
    await scene.host.ok('nft', ['-f', '-'], {
      input: `table inet published { chain c { type nat hook prerouting priority dstnat;
        meta nfproto ipv4 tcp dport 8080 dnat ip to ${web.v4}:80
        meta nfproto ipv4 tcp dport 8081 dnat ip to ${web.v4}:81
        meta nfproto ipv6 tcp dport 8080 dnat ip6 to [${web.v6}]:80
        meta nfproto ipv6 tcp dport 8081 dnat ip6 to [${web.v6}]:81
      }
      }\n`,
    })
    const servers = [await listen(web.container, 80, 'eighty'), await listen(web.container, 81, 'next')]
    try {
      for (const address of ['198.51.100.1', '2001:db8:51::1']) {
        expect(await heard(outside, address, 8080, 3)).toBe('eighty')
        expect(await heard(outside, address, 8081)).toBeUndefined()
      }
    } finally {
      for (const server of servers) await server.stop()
    }
  }, 120_000)

  test('a datagram in pieces passes where it may', async () => {
    const scene = await open()
    const outside = await routedOutside(scene.host)
    const web = await plug(scene, configOf(groups), 'web')
    for (const n of [0, 1]) {
      expect(await pings(outside, web.both[n]!)).toBe(true)
      succeededRun(await outside.sh('ping', ['-n', '-c1', '-W2', '-s', '4000', web.both[n]!]))
      succeededRun(await web.container.sh('ping', ['-n', '-c1', '-W2', '-s', '4000', beyond[n]!]))
    }
  }, 120_000)
})

const succeededRun = ({ exitCode, stdout }: { exitCode: number; stdout: string }) =>
  expect({ exitCode, said: exitCode ? stdout : '' }).toEqual({ exitCode: 0, said: '' })

/** What a TCP server says to who asks it from a port; empty if nothing comes within two seconds. */
const connectFrom = async (from: Pick<Netns, 'sh'>, port: number, to: string, toPort: number) => {
  const script = `
const socket = require('node:net').connect({ host: process.argv[2], port: +process.argv[3], localPort: +process.argv[1] })
socket.on('error', () => {})
socket.on('end', () => process.exit(0))
socket.pipe(process.stdout)
setTimeout(() => process.exit(0), 2000)`
  const { stdout } = await from.sh(process.execPath, ['-e', script, String(port), to, String(toPort)])
  return stdout.trim()
}

ready('membership', () => {
  const members = async ({ host }: Scene, group: string) => {
    const listed = JSON.parse(
      await host.ok('nft', [
        '-j',
        'list',
        'set',
        'bridge',
        'vethwork',
        `group-ports-${group}/${networkName}`,
      ]),
    )
    const { elem = [] } = listed.nftables.find((one: object) => 'set' in one).set
    return elem.map(({ elem: { val } }: { elem: { val: string } }) => val)
  }
  const all = { ...groups, default: [] }
  const ways: Record<string, [more: object, extra: object]> = {
    'runtimeConfig.securityGroups': [{ runtimeConfig: { securityGroups: ['web', 'db'] } }, {}],
    'args.cni.securityGroups': [{ args: { cni: { securityGroups: ['web', 'db'] } } }, {}],
    CNI_ARGS: [{}, inGroups('web', 'db')],
    'the pod’s annotation': [
      { runtimeConfig: { 'io.kubernetes.cri.pod-annotations': { 'vethwork/security-groups': 'web, db' } } },
      {},
    ],
    'runtimeConfig before the rest': [
      { runtimeConfig: { SecurityGroups: ['db', 'web'] }, args: { cni: { securityGroups: ['dns'] } } },
      inGroups('tied'),
    ],
  }
  for (const [name, [more, extra]] of Object.entries(ways))
    test(name, async () => {
      const scene = await open()
      const config = configOf(all, more)
      const [one, two] = (await scene.host.containers(2)) as [Container, Container]
      const port = (await scene.add(one, config, extra)).json.interfaces[1].name
      await scene.add(two, configOf(all))
      for (const group of Object.keys(all)) {
        const expected = ['web', 'db'].includes(group) ? [port] : []
        if (group !== 'default')
          expect({ group, has: await members(scene, group) }).toEqual({ group, has: expected })
      }
      expect(await members(scene, 'default')).toEqual([expect.not.stringMatching(port)])
      // DEL gets less than ADD got: what was asked for is remembered.
      await scene.del(one, configOf(all))
      for (const group of ['web', 'db']) expect(await members(scene, group)).toEqual([])
    }, 120_000)

  test('a change of membership is elements only', async () => {
    const scene = await open()
    const config = configOf(groups)
    await plug(scene, config, 'web')
    const rules = async () =>
      (await scene.host.ok('nft', ['-a', 'list', 'table', 'bridge', 'vethwork'])).match(/.* # handle \d+/g)
    const before = (await rules())!.filter(line => /comment|chain|set /.test(line) && !/elements/.test(line))
    for (const names of [['db'], ['web', 'dns'], []]) await plug(scene, config, ...names)
    const after = (await rules())!.filter(line => /comment|chain|set /.test(line) && !/elements/.test(line))
    expect(after).toEqual(before)
    expect(before.length).toBeGreaterThan(50)
  }, 120_000)
})

ready('the configuration is changed', () => {
  test('the next ADD makes the rules as they are configured now', async () => {
    const scene = await open()
    const outside = await routedOutside(scene.host)
    const web = await plug(scene, configOf(groups), 'web')
    const servers = [await listen(web.container, 80, 'eighty'), await listen(web.container, 81, 'next')]
    try {
      expect(await heard(outside, web.v4, 80, 9)).toBe('eighty')
      expect(await heard(outside, web.v4, 81)).toBeUndefined()
      const changed = configOf({
        ...groups,
        web: [{ protocol: 'tcp', ports: 81 }],
        extra: [{ protocol: 'udp' }],
      })
      const extra = await plug(scene, changed, 'extra')
      expect(await heard(outside, web.v4, 81, 9)).toBe('next')
      expect(await heard(outside, web.v4, 80)).toBeUndefined()
      succeeded(await scene.runtime.check(web.container, changed, inGroups('web')))
      expect(
        failed(await scene.runtime.check(web.container, configOf(groups), inGroups('web'))),
      ).toMatchObject({
        code: 106,
        msg: expect.stringMatching(/to-group-in-web/),
      })
      // And back; the group that is gone takes nothing of its member with it.
      await plug(scene, configOf(groups))
      expect(await heard(outside, web.v4, 80, 9)).toBe('eighty')
      await scene.del(extra.container, configOf(groups))
      expect(await scene.host.ok('nft', ['list', 'ruleset'])).not.toContain(extra.port)
    } finally {
      for (const server of servers) await server.stop()
    }
  }, 300_000)

  test('what nobody remembers goes by its marks: by DEL, and by GC', async () => {
    const scene = await open()
    const { host, runtime } = scene
    const [one, two, three] = [
      await plug(scene, configOf(groups), 'web', 'db'),
      await plug(scene, configOf(groups), 'web'),
      await plug(scene, configOf(groups), 'db'),
    ]
    rmSync(host.stateDir, { recursive: true })
    await host.remove(one.container)
    // Its groups are no longer configured, and the runtime does not say in which it was.
    await scene.del(one.container, configOf({ other: [] }), { netns: '' })
    await scene.del(one.container, configOf({ other: [] }), { netns: '' })
    runtime.results.delete(`${networkName} ${two.container.id} eth0`)
    succeeded(await runtime.gc(configOf(groups)))
    const left = await host.ok('nft', ['list', 'ruleset'])
    for (const { container, port } of [one, two]) {
      expect(left).not.toContain(container.id)
      expect(left).not.toContain(port)
    }
    expect(left).toContain(three.port)
  }, 120_000)

  test('prune takes all of it away', async () => {
    const scene = await open()
    const virgin = await scene.remember()
    const config = configOf(groups, { isDefaultGateway: false, isGateway: false, ingressPolicy: 'isolated' })
    const [one, two] = [
      await plug(scene, config, 'web'),
      await plug(scene, configOf({ b: [{}], ...groups }), 'b'),
    ]
    await scene.host.ok('nft', ['-f', '-'], { input: 'add table bridge other' })
    for (const { container } of [one, two]) await scene.del(container, config)
    const left = await scene.host.ok('nft', ['list', 'table', 'bridge', 'vethwork'])
    expect(left).toContain('to-group-in-web')
    expect(left).not.toContain('elements')
    await scene.host.ok(executable, ['prune', '--restore-sysctls'], {
      env: { VETHWORK_STATE_DIR: scene.host.stateDir },
    })
    await scene.host.ok('nft', ['delete', 'table', 'bridge', 'other'])
    await virgin.expectSame(one.container, two.container)
  }, 120_000)
})
