// vethwork doctor on hosts that are well, and on hosts where it can see, or do, little.
import { writeFileSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { inCables, inRules } from '../helpers/breakages.ts'
import { chain, namedIn } from '../helpers/chain.ts'
import { cli, cliEnv } from '../helpers/cli.ts'
import { settled } from '../helpers/difference.ts'
import { examined, ofTheDriver } from '../helpers/doctor.ts'
import type { Host } from '../helpers/host.ts'
import { lan } from '../helpers/hosts.ts'
import { configOf, type ModeName, modeNames } from '../helpers/modes.ts'
import { executable } from '../helpers/plugins.ts'
import { publishing, web } from '../helpers/portmappings.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes, succeeded } from '../helpers/scene.ts'
import { snapshot } from '../helpers/snapshot.ts'
import { plugIn } from '../helpers/spanning.ts'
import { native } from '../helpers/spanning-modes.ts'
import { powerless, surrounded, without } from '../helpers/surroundings.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('iptables'),
  requireTool('conntrack'),
  requireKernel('bridge'),
  requireKernel('vxlan'),
  requireKernel('macvlan'),
)

const placeOf = (host: Host, env: Record<string, string> = {}) => ({
  host,
  env,
  binDir: `${host.directory}/bin`,
})

/** Neither errors nor warnings; what is good to know may be known. */
const isWell = async (place: ReturnType<typeof placeOf>) => {
  const { troubles, notes } = await examined(place)
  expect(troubles.map(({ id, what }) => `${id}: ${what}`)).toEqual([])
  expect(notes.map(({ id }) => id).filter(id => id !== 'br-netfilter')).toEqual(ofTheDriver)
}

/** One network of each kind, each with a subnet of its own. */
const ofEachKind = (mode: ModeName, n: number) =>
  configOf(mode, 'dual', {
    name: `net-${n}`,
    bridge: `br-${n}`,
    ipam: {
      type: 'vethwork-ipam',
      ranges: [[{ subnet: `10.${50 + n}.0.0/24` }], [{ subnet: `fd00:${50 + n}::/64` }]],
    },
  })

ready('a host that is well', () => {
  test('nothing is on it: nothing is wrong, and nothing is made', async () => {
    const { host } = await open()
    const { stdout, exitCode } = await cli(host, ['doctor'], { env: { CNI_PATH: host.directory } })
    const words = ofTheDriver.length ? /\nNothing is wrong \(1 note\)\.\n$/ : /^Nothing is wrong\.\n$/
    expect({ stdout, exitCode }).toEqual({ stdout: expect.stringMatching(words), exitCode: 0 })
    expect(await snapshot(host, host.directory)).toEqual(await snapshot((await open()).host, host.directory))
  }, 30_000)

  test('a network of each kind, with ports, rates, groups and limits, and Docker’s FORWARD DROP: no false alarm', async () => {
    const { host, add } = await open()
    await host.outside()
    await host.ok('sh', ['-c', 'iptables-nft -P FORWARD DROP; ip6tables-nft -P FORWARD DROP'])
    for (const [n, mode] of modeNames.entries()) await add(await host.container(), ofEachKind(mode, n))
    const bandwidth = { ingressRate: 8e6, ingressBurst: 8e5, egressRate: 8e6, egressBurst: 8e5 }
    const runtimeConfig = { portMappings: [web], bandwidth }
    await add(await host.container(), publishing([web], { runtimeConfig }))
    await add(
      await host.container(),
      configOf('nat', 'dual', {
        name: 'tuned',
        subnet: '10.80.0.0/24',
        ipam: undefined,
        mtu: 1400,
        txQLen: 77,
        sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1' },
      }),
    )
    await isWell(placeOf(host))
  }, 60_000)

  test('chains of several plugins of ours', async () => {
    const { host } = await open()
    await host.outside()
    const named = namedIn(host.directory)
    const config = { ...configOf('nat', 'dual'), mode: undefined, isDefaultGateway: true, ipMasq: true }
    const link = (type: string, more: object) => ({
      binary: named(type),
      config: { ...more, cniVersion: '1.1.0', name: config.name, type },
    })
    const links = [
      link('bridge', config),
      link('portmap', { runtimeConfig: { portMappings: [web] } }),
      link('bandwidth', { ingressRate: 8e6, ingressBurst: 8e5 }),
      link('firewall', { ingressPolicy: 'same-bridge' }),
      link('tuning', {
        mtu: 1400,
        mac: 'c2:11:22:33:44:55',
        sysctl: { 'net.ipv4.conf.eth0.arp_notify': '0' },
      }),
      link('sbr', {}),
    ]
    const [container, list] = [await host.container(), chain(host, links)]
    succeeded(await list.add(container))
    succeeded(await list.check(container))
    await isWell(placeOf(host))
  }, 30_000)

  test('a container with a route of several ways, and one that leads nowhere; its own is missed all the same', async () => {
    const { host, add } = await open()
    const container = await host.container()
    await add(container, configOf('nat', 'v4'))
    await container.batch(
      'route add 203.0.113.0/24 nexthop via 10.44.0.1 nexthop via 10.44.0.7',
      'route add blackhole 192.0.2.0/24',
    )
    await isWell(placeOf(host))
    await container.batch('route del default')
    const { troubles } = await examined(placeOf(host))
    expect(troubles.map(({ id }) => id)).toEqual(['container-route-missing'])
  }, 30_000)

  test.each(['vxlan, peers', 'vxlan, group', 'flat', 'macvlan'])(
    '%s',
    async name => {
      const { sites } = await lan(open)
      for (const site of sites) await plugIn(site, native[name]!)
      await isWell(placeOf(sites[0].host, { VETHWORK_HOST_FILE: `${sites[0].host.directory}/host.json` }))
    },
    30_000,
  )
})

ready('what it says, and does', () => {
  test('for people: severity, what, why, the command, the thread, in 80 columns; exit status 1', async () => {
    const place = await inRules['all rules are flushed']!.at(open)
    await place.host.ok('nft', ['flush', 'ruleset'])
    const { stdout, stderr, exitCode } = await cli(place.host, ['doctor'], {
      env: { CNI_PATH: place.binDir },
    })
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: '',
    })
    expect(stdout).toMatch(/^error: network web\.net-1: its rules of masquerade/)
    expect(stdout).toContain('[masquerade-missing]')
    expect(stdout).toContain('    $ vethwork repair web.net-1   # --fix does it')
    expect(stdout).toContain('  see: https://github.com/containers/netavark/issues/230')
    const lines = stdout.split('\n').filter(line => !/^ +(\$|see:)/.test(line))
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80)
    expect((await cli(place.host, ['doctor', '--nonsense'])).exitCode).toBe(2)
  }, 30_000)

  test('of the same about many, a few are told; --json tells all', async () => {
    const { host, add } = await open()
    for (const container of await host.containers(7)) {
      await add(container, configOf('nat', 'v4'))
      await container.batch('route del default')
    }
    const { stdout } = await cli(host, ['doctor'], { env: { CNI_PATH: host.directory } })
    expect(stdout.match(/^error: /gm)).toHaveLength(4)
    expect(stdout).toContain('… and 3 more of [container-route-missing]; --json shows all')
    expect((await examined(placeOf(host))).troubles).toHaveLength(7)
  }, 30_000)

  test('--fix --dry-run: says each step, and touches nothing', async () => {
    const { at, by } = inCables['the bridge is gone']!
    const place = await at(open)
    await by(place)
    const before = await snapshot(place.host, place.host.stateDir)
    const { done, troubles } = await examined(place, '--fix', '--dry-run')
    expect(done.map(({ command }) => command)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^ip link add dev br-web\.net-1 /)]),
    )
    expect(troubles.map(({ id }) => id)).toContain('bridge-missing')
    // Out of their bridge the cables hear their containers themselves.
    const except = /"kind":"learned"/
    const after = () => snapshot(place.host, place.host.stateDir)
    expect(await settled(before, after, { except })).toEqual([])
  }, 30_000)

  test('--fix says what it did, and what is healed; what is not ours stays, with its command', async () => {
    const { at, by } = inCables['the bridge is down']!
    const place = await at(open)
    await by(place)
    await place.host.batch('link add lan0 type bridge', 'addr add 10.44.0.200/24 dev lan0')
    const { stdout, exitCode } = await cli(place.host, ['doctor', '--fix'], {
      env: { CNI_PATH: place.binDir },
    })
    expect(exitCode).toBe(1)
    expect(stdout).toContain('    $ ip link set dev br-web.net-1 up')
    expect(stdout).toContain("healed: network web.net-1: 'br-web.net-1' is down [bridge-down]")
    expect(stdout).toContain('    $ ip addr del 10.44.0.200/24 dev lan0\n')
  }, 30_000)
})

ready('where little can be seen, or done', () => {
  test('by programs, without netlink: the same findings, and a note that says why', async () => {
    const { at, by, id } = inCables['it is unplugged from its bridge']!
    const place = { ...(await at(open)), env: { VETHWORK_NETLINK: 'iproute2' } }
    const well = await examined(place)
    expect({ troubles: well.troubles, driver: well.driver }).toEqual({ troubles: [], driver: 'iproute2' })
    expect(well.notes).toContainEqual(expect.objectContaining({ id: 'driver-iproute2' }))
    await by(place)
    expect((await examined(place)).troubles.map(one => one.id)).toEqual([id])
  }, 30_000)

  test('without rights: it says which are missing', async () => {
    const { host, add } = await open()
    await add(await host.container(), configOf('nat', 'v4'))
    const { stdout, exitCode } = await asSeen(host, powerless)
    expect(exitCode).toBe(1)
    expect(JSON.parse(stdout).findings).toMatchObject([
      { id: 'rights-missing', what: expect.stringContaining('CAP_NET_ADMIN') },
      ...ofTheDriver.map(id => ({ id })),
    ])
  }, 30_000)

  test.each(['nft', 'nsenter'])(
    'without %s: it says what needs it',
    async tool => {
      const { host, add } = await open()
      await add(await host.container(), configOf('nat', 'v4'))
      const { stdout, exitCode } = await asSeen(host, without(tool))
      expect(exitCode).toBe(1)
      const { findings } = JSON.parse(stdout)
      expect(findings).toContainEqual(
        expect.objectContaining({
          id: 'tool-missing',
          object: tool,
          fix: expect.stringMatching(/^apt-get install /),
        }),
      )
    },
    30_000,
  )

  test('after a reboot: leases of before are told, and are no trouble', async () => {
    const { host, add } = await open()
    await add(await host.container(), configOf('nat', 'v4'))
    const boot = `${host.directory}/boot_id`
    writeFileSync(boot, '11111111-2222-3333-4444-555555555555\n')
    const { stdout } = await asSeen(host, `mount --bind ${boot} /proc/sys/kernel/random/boot_id`)
    expect(JSON.parse(stdout).findings).toContainEqual(
      expect.objectContaining({ id: 'leases-earlier-boot', severity: 'note', object: 'web.net-1' }),
    )
  }, 30_000)
})

/** The same host, on which a few lines of shell were run before. */
const asSeen = (host: Host, script: string) =>
  surrounded(host, script).sh(executable, ['doctor', '--json'], {
    env: { ...cliEnv(host), CNI_PATH: `${host.directory}/bin` },
  })
