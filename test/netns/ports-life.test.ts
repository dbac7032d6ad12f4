// A published port from ADD to DEL: flows follow it at once, CHECK misses what is gone, and nothing is left however it ends.
import { rmSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { atOnce } from '../helpers/crowd.ts'
import { answerDatagrams, askDatagram } from '../helpers/datagrams.ts'
import type { Container } from '../helpers/host.ts'
import { configOf, hostSeen } from '../helpers/modes.ts'
import { connect, type Listener, listen, pings } from '../helpers/packets.ts'
import { executable } from '../helpers/plugins.ts'
import { dns, publishing, web } from '../helpers/portmappings.ts'
import { withPorts } from '../helpers/published.ts'
import { failed, type Scene, scenes, succeeded } from '../helpers/scene.ts'
import { surrounded, without } from '../helpers/surroundings.ts'

const open = scenes(afterEach)
const listeners: Listener[] = []
afterEach(async () => {
  await Promise.all(listeners.splice(0).map(one => one.stop()))
})

/** A later one of the same network publishes the same port. */
const handedOver = async (env: Record<string, string> = {}) => {
  const { host, add, runtime } = await open()
  const outside = await host.outside()
  const [one, two] = (await host.containers(2)) as [Container, Container]
  listeners.push(await answerDatagrams(one, 53, 'one'), await answerDatagrams(two, 53, 'two'))
  const asked = (seconds = 2) => askDatagram(outside, hostSeen.v4, 5353, { source: 40_000, seconds })
  const config = publishing([dns])
  const before = await asked(1)
  await add(one, config, { env })
  const published = await asked()
  succeeded(await runtime.del(one, config, { env }))
  const between = await asked(1)
  await add(two, config, { env })
  return [before, published, between, await asked()]
}

withPorts('who speaks to a port by UDP, always from the same port', () => {
  test('is led to the container that has it now, at once', async () => {
    for (const VETHWORK_NETLINK of ['netlink', 'iproute2'])
      expect(await handedOver({ VETHWORK_NETLINK })).toEqual([undefined, 'one', undefined, 'two'])
  }, 60_000)

  test('without conntrack(8), by programs, would stay where he was led first', async () => {
    const { host } = await open()
    const directory = `${host.directory}/idle`
    await host.ok('sh', ['-c', `mkdir ${directory}; ln -s /bin/true ${directory}/conntrack`])
    const led = await handedOver({
      PATH: `${directory}:${process.env.PATH}`,
      VETHWORK_NETLINK: 'iproute2',
    })
    expect(led).not.toEqual([undefined, 'one', undefined, 'two'])
  }, 60_000)

  test('where conntrack(8) is missing, and by programs, UDP is refused, and TCP is not', async () => {
    const { host, remember } = await open()
    const one = await host.container()
    const before = await remember()
    const place = surrounded(host, without('conntrack'))
    const [udp, tcp] = [publishing([dns]), publishing([web])]
    const env = { VETHWORK_NETLINK: 'iproute2' }
    const refused = failed(await cni(place, { command: 'ADD', config: udp, container: one, env }))
    expect(refused).toMatchObject({
      code: 107,
      msg: expect.stringContaining("'conntrack' is not installed"),
      details: expect.stringContaining('apt-get install conntrack'),
    })
    await before.expectSame(one)
    for (const command of ['ADD', 'DEL'])
      succeeded(await cni(place, { command, config: tcp, container: one, env }))
    const byMessages = { VETHWORK_NETLINK: 'netlink' }
    for (const command of ['ADD', 'DEL'])
      succeeded(await cni(place, { command, config: udp, container: one, env: byMessages }))
  }, 60_000)
})

withPorts('CHECK', () => {
  const config = publishing([web, dns, { ...web, hostPort: 81, hostIP: '127.0.0.1' }], { hairpinMode: false })
  const broken: Record<string, [string, RegExp]> = {
    'a port': [
      'nft delete element inet vethwork ports4-all { tcp . 8080 }',
      /put tcp \. 8080 into the nft map ports4-all/,
    ],
    'a port of one address': [
      'nft delete element inet vethwork ports4 { tcp . 81 . 127.0.0.1 }',
      /put tcp \. 81 \. 127\.0\.0\.1 into the nft map ports4/,
    ],
    'a port of UDP': ['nft delete element inet vethwork ports6-all { udp . 5353 }', /put udp \. 5353 into/],
    'where answers go': [
      'nft flush map inet vethwork ports-answers4',
      /put 10\.44\.0\.2 into the nft map ports-answers4/,
    ],
    'the rules': ['nft flush chain inet vethwork ports', /add the nft rule: .*dnat ip to/],
    'the rule against martians': [
      'nft flush chain inet vethwork ports-martians',
      /add the nft rule: ip daddr 127/,
    ],
    'all of it': ['nft delete table inet vethwork', /create the nft table/],
    route_localnet: [
      'echo 0 >/proc/sys/net/ipv4/conf/br-web.net-1/route_localnet',
      /set net\.ipv4\.conf\.br-web\.net-1\.route_localnet to 1/,
    ],
    hairpin: [
      'bridge link | sed -n "s/.*: \\(veth[^@]*\\).*/\\1/p" | xargs -I% bridge link set dev % hairpin off',
      /hairpin on/,
    ],
  }
  for (const [title, [breaking, says]] of Object.entries(broken))
    test(`misses ${title}, and names the command that mends it`, async () => {
      const { host, add, runtime } = await open()
      const one = await host.container()
      await add(one, config)
      succeeded(await runtime.check(one, config))
      await host.ok('sh', ['-c', breaking])
      const { code, msg, details } = failed(await runtime.check(one, config))
      expect({ code, msg }).toEqual({ code: 106, msg: expect.stringMatching(says) })
      // What it tells to do, done.
      for (const command of details.split('\n')) {
        const ran = await host.sh('sh', ['-c', command])
        // It ends with 1 where nobody had spoken to the port.
        if (!command.startsWith('conntrack')) expect({ command, ...ran }).toMatchObject({ exitCode: 0 })
      }
      succeeded(await runtime.check(one, config))
    }, 60_000)
})

withPorts('topology', () => {
  test('shows the host’s ports beside the container’s addresses', async () => {
    const { host, add } = await open()
    const one = await host.container()
    await add(one, publishing([web, dns, { ...web, hostPort: 81, hostIP: '127.0.0.1' }]))
    const env = { VETHWORK_STATE_DIR: host.stateDir }
    const { networks } = JSON.parse(await host.ok(executable, ['topology', '--json'], { env }))
    const ports = ['127.0.0.1:81→80/tcp', '5353→53/udp', '8080→80/tcp']
    expect(networks[0].ports[0].container).toMatchObject({ id: one.id, published: ports })
    const drawn = await host.ok(executable, ['topology'], { env })
    for (const port of ports) expect(drawn).toContain(port)
  }, 60_000)
})

withPorts('nothing is left', () => {
  const config = publishing([web, dns, { ...web, hostPort: 9000, range: 20 }])
  const ends: Record<string, (scene: Scene, one: Container) => Promise<unknown>> = {
    'by DEL': ({ del }, one) => del(one, config),
    'by DEL twice': async ({ del }, one) => {
      await del(one, config)
      await del(one, config)
    },
    'by DEL with an empty CNI_NETNS': ({ del }, one) => del(one, config, { netns: '' }),
    'by DEL without portMappings': ({ del }, one) => del(one, configOf('nat', 'dual')),
    'by DEL when the namespace is gone': async ({ host, del }, one) => {
      await host.remove(one)
      await del(one, config, { netns: '' })
    },
    'by DEL when the namespace and all memory are gone': async ({ host, del, runtime }, one) => {
      await host.remove(one)
      rmSync(host.stateDir, { recursive: true })
      runtime.results.clear()
      await del(one, configOf('nat', 'dual'), { netns: '' })
    },
    'by GC': async ({ runtime }) => {
      runtime.results.clear()
      succeeded(await runtime.gc(config))
    },
    'by GC when the namespace and all memory are gone': async ({ host, runtime }, one) => {
      await host.remove(one)
      rmSync(host.stateDir, { recursive: true })
      runtime.results.clear()
      succeeded(await runtime.gc(config))
    },
  }
  for (const [title, end] of Object.entries(ends))
    test(title, async () => {
      const opened = await open()
      const { host, add } = opened
      const [one, resident] = (await host.containers(2)) as [Container, Container]
      await add(resident, publishing([{ ...web, hostPort: 7 }]))
      await add(one, config)
      const others = await host.ok('nft', ['list', 'ruleset'])
      expect(others).toContain(`${one.id}/eth0`)
      if (title.includes('GC')) {
        await end(opened, one)
        // GC was told that nothing is valid: the resident goes, too.
        expect(await host.ok('nft', ['list', 'ruleset'])).not.toMatch(new RegExp(`${one.id}|${resident.id}`))
        return
      }
      await end(opened, one)
      const left = await host.ok('nft', ['list', 'ruleset'])
      expect(left).not.toContain(one.id)
      expect(left).toContain(resident.id)
    }, 60_000)

  test('of the host after DEL and prune, and while another network publishes its own stays', async () => {
    const { host, add, del, remember } = await open()
    const outside = await host.outside()
    expect(await pings(outside, hostSeen.v4)).toBe(true) // they know each other
    const before = await remember()
    const [one, two] = (await host.containers(2)) as [Container, Container]
    const conditional = publishing([web], { conditionsV4: ['-i', 'eth0'] })
    const second = publishing([{ ...web, hostPort: 82 }], {
      name: 'other',
      ipam: { type: 'vethwork-ipam', ranges: [[{ subnet: '10.45.0.0/24' }]] },
    })
    await add(one, conditional)
    await add(two, second)
    listeners.push(await listen(two, 80, 'two'))
    await del(one, conditional)
    const prune = () =>
      host.ok(executable, ['prune', '--restore-sysctls'], { env: { VETHWORK_STATE_DIR: host.stateDir } })
    await prune()
    expect(await host.ok('nft', ['list', 'ruleset'])).not.toContain('web.net-1')
    expect(await connect(outside, hostSeen.v4, 82)).toBe('two\n')
    await del(two, second)
    await prune()
    expect(await host.ok('nft', ['list', 'ruleset'])).toBe('')
    await before.expectSame(one, two)
  }, 60_000)

  test('of a network that is pruned while a dead container still has its ports', async () => {
    const { host, add } = await open()
    const one = await host.container()
    await add(one, config)
    await host.remove(one)
    await host.ok(executable, ['prune'], { env: { VETHWORK_STATE_DIR: host.stateDir } })
    expect(await host.ok('nft', ['list', 'ruleset'])).toBe('')
  }, 60_000)
})

withPorts('300 containers with 3 ports each', () => {
  test('have as many rules as one, and each port leads to its own', async () => {
    const { host } = await open()
    const outside = await host.outside()
    const containers = await host.containers(300)
    const configOf300 = (n: number) =>
      publishing(
        [
          { ...web, hostPort: 10_000 + n },
          { ...dns, hostPort: 10_000 + n },
          { ...web, hostPort: 20_000 + n, hostIP: hostSeen.v4 },
        ],
        {
          ipam: {
            type: 'vethwork-ipam',
            ranges: [[{ subnet: '10.44.0.0/22' }], [{ subnet: 'fd00:44::/64' }]],
          },
        },
      )
    const call = (command: string) => (container: Container, n: number) =>
      cni(host, { command, container, config: configOf300(n), timeout: 120_000 })
    const rules = async () => {
      const { nftables } = JSON.parse(await host.ok('nft', ['-j', 'list', 'ruleset']))
      const count = (kind: string) => nftables.filter((one: object) => kind in one).length
      return { rules: count('rule'), chains: count('chain'), maps: count('map') }
    }
    succeeded(await call('ADD')(containers[0]!, 0))
    const one = await rules()
    const rans = await atOnce(8, containers.slice(1), (container, n) => call('ADD')(container, n + 1))
    rans.forEach(succeeded)
    expect(await rules()).toEqual(one)
    for (const n of [0, 137, 299]) {
      const address = (await containers[n]!.ip('-4 addr show dev eth0'))[0].addr_info[0].local
      listeners.push(
        await listen(containers[n]!, 80, address),
        await answerDatagrams(containers[n]!, 53, address),
      )
      expect(await connect(outside, hostSeen.v4, 10_000 + n)).toBe(`${address}\n`)
      expect(await connect(outside, hostSeen.v4, 20_000 + n)).toBe(`${address}\n`)
      expect(await askDatagram(outside, hostSeen.v4, 10_000 + n)).toBe(address)
    }
    const gone = await atOnce(8, containers, call('DEL'))
    gone.forEach(succeeded)
    expect(await rules()).toEqual(one)
    expect(await host.ok('nft', ['list', 'ruleset'])).not.toContain('elements')
  }, 300_000)
})
