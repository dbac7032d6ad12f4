// vethwork repair: whatever somebody did by hand to what ADD made, is as it was; nothing else is touched.

import { afterEach, expect, test } from '@jest/globals'
import { cli, json, said } from '../helpers/cli.ts'
import { settled } from '../helpers/difference.ts'
import { configOf, type ModeName } from '../helpers/modes.ts'
import { referenceDir } from '../helpers/plugins.ts'
import {
  given,
  requireBuild,
  requireFile,
  requireKernel,
  requireRoot,
  requireTool,
} from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'
import { snapshot } from '../helpers/snapshot.ts'
import { type Change, changes } from '../helpers/tampering.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('iptables'),
  requireKernel('bridge'),
)

const attached = async (mode: ModeName, more: object = {}) => {
  const opened = await open()
  const container = await opened.host.container()
  const config = configOf(mode, 'dual', { ...more })
  const { json } = await opened.add(container, config)
  const [bridge, port] = json.interfaces.map(({ name }: { name: string }) => name)
  return { ...opened, container, config, bridge, port }
}

/** A chained plugin may have set them: they are told, and left. */
const left = ['its MAC address is another', 'its MTU is another']

const mended = async ({ mode, more, by }: Change) => {
  const { host, runtime, container, config, bridge, port, passing } = await attached(mode, more)
  expect(await json(host, 'repair')).toMatchObject([{ steps: [], left: [] }])
  await by({ host, container, bridge, port })
  const before = await snapshot(host, host.directory)
  const [{ steps }] = await json(host, 'repair', '--dry-run')
  expect(steps.length).toBeGreaterThan(0)
  const untouched = () => snapshot(host, host.directory)
  expect(await settled(before, untouched, { except: passing([]) })).toEqual([])
  failed(await runtime.check(container, config))

  expect(await said(host, 'repair')).toMatch(/1 looked at, 1 repaired\n$/)
  succeeded(await runtime.check(container, config))
  expect(await said(host, 'repair')).toBe('1 looked at, 0 repaired\n')
}

ready('one thing that somebody did', () => {
  for (const [name, change] of Object.entries(changes))
    if (!left.includes(name)) test(name, () => mended(change), 30_000)

  test.each(left)('%s: it is told, and left as it is', async name => {
    const { mode, more, by } = changes[name]!
    const { host, container, bridge, port } = await attached(mode, more)
    await by({ host, container, bridge, port })
    const before = await snapshot(container)
    expect(await json(host, 'repair')).toMatchObject([
      { steps: [], left: [expect.stringMatching(/^eth0 has the M/)] },
    ])
    expect(await settled(before, () => snapshot(container))).toEqual([])
  })
})

ready('a whole host', () => {
  test('no rules, no bridge, no routes: containers reach each other and the outside again', async () => {
    const { host, add } = await open()
    const outside = await host.outside()
    const containers = await host.containers(3)
    const config = configOf('nat', 'dual')
    for (const container of containers) await add(container, config)
    await host.ok('nft', ['flush', 'ruleset'])
    await host.batch('link del br-web.net-1')
    await containers[1]!.batch('link set eth0 down', 'link set eth0 up')
    await host.ok('sysctl', ['-qw', 'net.ipv4.ip_forward=0'])
    const dry = await json(host, 'repair', '--dry-run')
    const commands = dry.flatMap(({ steps }: { steps: { command: string }[] }) =>
      steps.map(({ command }) => command),
    )
    expect(commands.filter((command: string) => /link add dev br-/.test(command))).toHaveLength(1)
    await said(host, 'repair')
    const peer = (await containers[2]!.ip('addr show dev eth0'))[0].addr_info[0].local
    await containers[1]!.ok('ping', ['-c1', '-W2', peer])
    await containers[1]!.ok('ping', ['-c1', '-W2', '198.51.100.2'])
    await outside.ok('ping', ['-c1', '-W2', '198.51.100.1'])
  }, 60_000)

  test('only the one that is meant', async () => {
    const { host, add } = await open()
    const [one, other] = await host.containers(2)
    for (const container of [one!, other!]) {
      await add(container, configOf('nat', 'v4'))
      await container.batch('route del default')
    }
    expect(await said(host, 'repair', one!.id.slice(0, 12))).toMatch(/1 looked at, 1 repaired\n$/)
    expect(await other!.ip('route show default')).toEqual([])
    expect((await cli(host, ['repair', 'nobody'])).exitCode).toBe(1)
  }, 30_000)

  test('what cannot be done keeps nothing else from being done, and is told', async () => {
    const { host, add } = await open()
    const [one, other] = await host.containers(2)
    for (const container of [one!, other!]) await add(container, configOf('nat', 'v4'))
    // Without the route to its own subnet the kernel takes no other.
    await one!.batch('route flush dev eth0')
    await other!.batch('route del default')
    const { exitCode, stdout, stderr } = await cli(host, ['repair'])
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 1,
      stdout: expect.stringMatching(/1 looked at, 1 repaired\n$/),
      stderr: expect.stringMatching(/cannot add the default route/),
    })
    expect(await other!.ip('route show default')).toHaveLength(1)
  }, 30_000)

  test('another namespace at the same path is not touched', async () => {
    const { host, add } = await open()
    const [one, other] = await host.containers(2)
    await add(one!, configOf('nat', 'v4'))
    // As a runtime that deleted one container without DEL and gave its path to the next.
    await host.ok('sh', ['-c', `umount ${one!.path} && mount --bind ${other!.path} ${one!.path}`])
    expect(await said(host, 'repair')).toBe('0 looked at, 0 repaired\n')
    expect(await other!.ip('link show type veth')).toEqual([])
  }, 30_000)
})

given(
  requireRoot(),
  requireBuild(),
  requireKernel('bridge'),
  requireFile(`${referenceDir}/host-local`),
)('addresses from a delegate', () => {
  test('repaired from what was remembered, without asking it', async () => {
    const { host, add, runtime } = await open()
    const container = await host.container()
    const ipam = { type: 'host-local', dataDir: `${host.directory}/leases`, subnet: '10.44.0.0/24' }
    const config = { cniVersion: '1.0.0', type: 'vethwork', name: 'web', isDefaultGateway: true, ipam }
    const extra = { env: { CNI_PATH: referenceDir } }
    await add(container, config, extra)
    await host.batch('link del cni0')
    await container.batch('addr del 10.44.0.2/24 dev eth0')
    expect(await said(host, 'repair')).toMatch(/1 looked at, 1 repaired\n$/)
    succeeded(await runtime.check(container, config, extra))
  }, 30_000)
})
