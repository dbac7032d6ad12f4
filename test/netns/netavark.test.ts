// podman 5: the executable as a plugin of netavark. What netavark answers, what packets do, and that nothing stays.

import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { cli, json } from '../helpers/cli.ts'
import type { Container } from '../helpers/host.ts'
import { create, execsOf, netavark, type Run } from '../helpers/netavark.ts'
import { connect, listen, pings } from '../helpers/packets.ts'
import { executable } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { type Scene, scenes } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('conntrack'),
  requireTool('python3'),
  requireKernel('bridge'),
  requireKernel('macvlan'),
)

const id = '2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9'
const dual = [{ subnet: '10.89.7.0/24' }, { subnet: 'fd00:89:7::/64' }]

/** As podman asks; the answer, which must come. */
const created = async ({ host }: Scene, more: object = {}) => {
  const asked = { name: 'web', id, driver: 'vethwork', dns_enabled: true, subnets: dual, ...more }
  const { exitCode, stdout, stderr } = await create(host, asked)
  expect({ exitCode, stderr, said: exitCode ? stdout : '' }).toEqual({ exitCode: 0, stderr: '', said: '' })
  return JSON.parse(stdout)
}

const up = async ({ host }: Scene, run: Run) => {
  const { exitCode, stdout, stderr } = await netavark(host, 'setup', run)
  expect({ exitCode, said: exitCode ? stdout + stderr : '' }).toEqual({ exitCode: 0, said: '' })
  return JSON.parse(stdout)
}

const down = async ({ host }: Scene, run: Run) =>
  expect(await netavark(host, 'teardown', run)).toMatchObject({ exitCode: 0, stdout: '' })

/** podman leases addresses itself: the third, the fourth … of each subnet. */
const ips = (n: number) => [`10.89.7.${n}`, `fd00:89:7::${n}`]

const reachesOutside = async (from: Pick<Container, 'sh'>) => {
  for (const address of ['198.51.100.2', '2001:db8:51::2']) expect(await pings(from, address)).toBe(true)
}

/** A process of that name listens on 8080, and starts a shell that starts what follows. */
const holding = `
import socket, subprocess, sys
open('/proc/self/comm', 'w').write(sys.argv[1])
held = socket.create_server(('', 8080))
sys.exit(subprocess.run(['sh', '-c', '"$@"; exit $?', 'sh', *sys.argv[2:]]).returncode)
`

ready('a network of podman', () => {
  test('two containers, IPv4 and IPv6, a published port, a static MAC; then all of it is gone, twice', async () => {
    const scene = await open()
    const { host } = scene
    const outside = await host.outside()
    const network = await created(scene, { ipv6_enabled: true })
    const [web, client] = (await host.containers(2)) as [Container, Container]
    const mac = 'aa:bb:cc:dd:aa:00'
    const ports = [{ container_port: 80, host_port: 8080, protocol: 'tcp,udp' }]
    const first: Run = { container: client, networks: [[network, { static_ips: ips(3) }]] }
    const second: Run = {
      container: web,
      networks: [[network, { static_ips: ips(4), static_mac: mac, aliases: ['web'] }]],
      ports,
    }
    await up(scene, first)
    // What a network's first published port brings stays with the network.
    await up(scene, second)
    await down(scene, second)
    await reachesOutside(client)
    const before = await scene.remember()
    expect(await up(scene, second)).toEqual({
      web: {
        dns_server_ips: [],
        dns_search_domains: [],
        interfaces: {
          eth0: {
            mac_address: mac,
            subnets: [
              { ipnet: '10.89.7.4/24', gateway: '10.89.7.1' },
              { ipnet: 'fd00:89:7::4/64', gateway: 'fd00:89:7::1' },
            ],
          },
        },
      },
    })
    const server = await listen(web, 80, 'hello')
    for (const address of ips(4)) expect(await pings(client, address)).toBe(true)
    await reachesOutside(client)
    for (const address of ['198.51.100.1', '2001:db8:51::1'])
      expect([address, await connect(outside, address, 8080, 10)]).toEqual([address, 'hello\n'])
    expect(await json(host, 'ps')).toMatchObject([
      { owner: { network: 'web', containerId: client.id }, life: 'alive' },
      { owner: { network: 'web', containerId: web.id }, mac, wants: { ports: [{ protocol: 'tcp' }, {}] } },
    ])
    const { stdout } = await cli(host, ['explain', web.id])
    expect(stdout).toContain('10.89.7.4/24')
    await server.stop()
    await down(scene, second)
    await before.expectSame(web)
    await down(scene, second)
    expect(await connect(outside, '198.51.100.1', 8080)).toBeUndefined()
    await down(scene, first)
  }, 60_000)

  test('internal: neighbours, and nobody else; podman is told no gateway', async () => {
    const scene = await open()
    const { host } = scene
    await host.outside()
    const network = await created(scene, { internal: true })
    const [one, other] = (await host.containers(2)) as [Container, Container]
    const answer = await up(scene, { container: one, networks: [[network, { static_ips: ips(3) }]] })
    // netavark writes null for what a plugin leaves out.
    const { subnets } = answer.web.interfaces.eth0
    expect(
      subnets.map((one: { ipnet: string; gateway?: string }) => [one.ipnet, one.gateway ?? null]),
    ).toEqual([
      ['10.89.7.3/24', null],
      ['fd00:89:7::3/64', null],
    ])
    // A port of an internal network is not published, as with netavark's own bridge.
    const ports = [{ container_port: 80, host_port: 8080 }]
    await up(scene, { container: other, networks: [[network, { static_ips: ips(4) }]], ports })
    expect(await pings(one, '10.89.7.4')).toBe(true)
    expect(await pings(one, '198.51.100.1', 1)).toBe(false)
    expect(await one.ip('route show default')).toEqual([])
    expect((await json(host, 'ps'))[1]).toMatchObject({ wants: { ports: [] } })
  }, 60_000)

  test('macvlan: what leads out, routes, name servers, an address that nobody chose', async () => {
    const scene = await open()
    const { host } = scene
    await host.batch(
      'link add lan0 address 02:00:00:00:01:01 type veth peer name lan1',
      'link set lan0 up',
      'link set lan1 up',
    )
    const network = await created(scene, {
      subnets: [
        {
          subnet: '10.89.7.0/24',
          gateway: '10.89.7.254',
          lease_range: { start_ip: '10.89.7.40', end_ip: null },
        },
      ],
      options: { mode: 'macvlan', parent: 'lan0', mtu: '1400', logFile: `${host.directory}/log` },
      routes: [{ destination: '192.0.2.0/24', gateway: '10.89.7.9', metric: 50 }],
      network_dns_servers: ['9.9.9.9'],
    })
    expect(network).toMatchObject({ network_interface: 'lan0', dns_enabled: true })
    const [one, other] = (await host.containers(2)) as [Container, Container]
    const runs: Run[] = [
      { container: one, networks: [[network, {}]] },
      // podman's --ip may be beyond the range.
      { container: other, networks: [[network, { static_ips: ips(3).slice(0, 1) }]] },
    ]
    const answers = [await up(scene, runs[0]!), await up(scene, runs[1]!)]
    expect(answers.map(({ web }) => [web.interfaces.eth0.subnets[0].ipnet, web.dns_server_ips])).toEqual([
      ['10.89.7.40/24', ['9.9.9.9']],
      ['10.89.7.3/24', ['9.9.9.9']],
    ])
    expect(await pings(one, '10.89.7.3')).toBe(true)
    expect(await one.ip('route show')).toMatchObject([
      { dst: 'default', gateway: '10.89.7.254' },
      { dst: '10.89.7.0/24' },
      { dst: '192.0.2.0/24', gateway: '10.89.7.9', metric: 50 },
    ])
    expect(await one.ip('link show dev eth0')).toMatchObject([{ mtu: 1400 }])
    for (const run of runs) await down(scene, run)
    expect(await one.ip('link show type macvlan')).toEqual([])
    const lines = readFileSync(`${host.directory}/log`, 'utf8').trim().split('\n')
    const ends = lines.map(line => JSON.parse(line)).filter(({ outcome }) => outcome)
    expect(ends.map(({ verb, containerId, outcome }) => [verb, containerId, outcome])).toEqual([
      ['ADD', one.id, 'done'],
      ['ADD', other.id, 'done'],
      ['DEL', one.id, 'done'],
      ['DEL', other.id, 'done'],
    ])
    expect(await json(host, 'ps')).toEqual([])
  }, 60_000)

  test('two networks of one container: a port of the host leads to the first', async () => {
    const scene = await open()
    const { host } = scene
    const outside = await host.outside()
    const web = await created(scene)
    const db = await created(scene, { name: 'db', subnets: [{ subnet: '10.89.8.0/24' }] })
    const container = await host.container()
    const run: Run = {
      container,
      networks: [
        [web, { static_ips: ips(3) }],
        [db, { static_ips: ['10.89.8.3'], interface_name: 'eth1' }],
      ],
      ports: [{ container_port: 80, host_port: 8080 }],
    }
    // The bridges stay when a container goes.
    await up(scene, run)
    await down(scene, run)
    await reachesOutside(host)
    const before = await scene.remember()
    const answer = await up(scene, run)
    expect(Object.keys(answer).sort()).toEqual(['db', 'web'])
    expect(answer.db.interfaces.eth1.subnets).toEqual([{ ipnet: '10.89.8.3/24', gateway: '10.89.8.1' }])
    const server = await listen(container, 80, 'hello')
    expect(await connect(outside, '198.51.100.1', 8080)).toBe('hello\n')
    await server.stop()
    await down(scene, run)
    expect(await json(host, 'ps')).toEqual([])
    await before.expectSame(container)
  }, 60_000)

  test('a namespace that is gone: teardown takes the rest away; without it gc does', async () => {
    const scene = await open()
    const { host } = scene
    const network = await created(scene)
    const [one, other] = (await host.containers(2)) as [Container, Container]
    const runs = [one, other].map(
      (container, n): Run => ({
        container,
        networks: [[network, { static_ips: ips(n + 3) }]],
        ports: [{ container_port: 80, host_port: 8080 + n }],
      }),
    )
    for (const run of runs) await up(scene, run)
    for (const container of [one, other]) await host.remove(container)
    const [stdin] = execsOf(runs[0]!)
    const direct = await cli(host, ['teardown', one.path], { input: JSON.stringify(stdin) })
    expect(direct).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    expect(
      (await json(host, 'ps')).map(({ owner }: { owner: { containerId: string } }) => owner.containerId),
    ).toEqual([other.id])
    expect((await cli(host, ['gc'])).exitCode).toBe(0)
    expect(await json(host, 'ps')).toEqual([])
    expect(await host.ok('nft', ['list', 'ruleset'])).not.toMatch(/10\.89\.7\.4|808[01]/)
  }, 60_000)

  test('podman holds the port itself while netavark calls us; nobody else may', async () => {
    const scene = await open()
    const { host } = scene
    const network = await created(scene)
    const container = await host.container()
    const run: Run = {
      container,
      networks: [[network, { static_ips: ips(3) }]],
      ports: [{ container_port: 80, host_port: 8080 }],
    }
    const [stdin] = execsOf(run)
    const heldBy = (name: string) =>
      host.sh('python3', ['-c', holding, name, executable, 'setup', container.path], {
        env: { CNI_COMMAND: undefined, VETHWORK_STATE_DIR: host.stateDir },
        input: JSON.stringify(stdin),
      })
    const refused = await heldBy('nginx')
    expect(refused).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/port 8080\/tcp .* is taken: nginx/),
    })
    expect(await heldBy('podman')).toMatchObject({ exitCode: 0, stderr: '' })
    await down(scene, run)
  }, 60_000)

  test('repair: what somebody deleted is made again', async () => {
    const scene = await open()
    const { host } = scene
    const network = await created(scene)
    const container = await host.container()
    await up(scene, { container, networks: [[network, { static_ips: ips(3) }]] })
    await container.batch('route del default')
    expect((await cli(host, ['repair'])).stdout).toMatch(/1 repaired\n$/)
    expect(await container.ip('route show default')).toMatchObject([{ gateway: '10.89.7.1' }])
  }, 60_000)

  test('a setup that fails leaves nothing, and says why', async () => {
    const scene = await open()
    const { host } = scene
    const network = await created(scene)
    const [one, other] = (await host.containers(2)) as [Container, Container]
    const ports = [{ container_port: 80, host_port: 8080 }]
    await up(scene, { container: one, networks: [[network, { static_ips: ips(3) }]], ports })
    const before = await scene.remember()
    const wrong: [run: Run, says: RegExp][] = [
      [{ container: other, networks: [[network, { static_ips: ips(3) }]] }, /10\.89\.7\.3/],
      [{ container: other, networks: [[network, { static_ips: ips(4) }]], ports }, /port 8080\/tcp/],
      [
        { container: other, networks: [[network, { options: { mtu: '9' } }]] },
        /the option mtu is not one of a container/,
      ],
      [{ container: other, networks: [[{ ...network, options: { mtu: 'big' } }, {}]] }, /option mtu: .*big/],
    ]
    for (const [run, says] of wrong) {
      const { exitCode, stdout, stderr } = await netavark(host, 'setup', run)
      expect({ exitCode, said: stdout + stderr }).toEqual({ exitCode: 1, said: expect.stringMatching(says) })
    }
    await before.expectSame(other)
  }, 60_000)
})
