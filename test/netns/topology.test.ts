// `vethwork topology` on a real host: facts of the kernel, whoever made them.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { settled } from '../helpers/difference.ts'
import { type Container, type Host, testHost } from '../helpers/host.ts'
import { executable, isReference } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { snapshot } from '../helpers/snapshot.ts'

const ready = given(
  requireRoot(),
  requireBuild(),
  isReference ? 'vethwork itself' : undefined,
  requireTool('iptables'),
  requireKernel('bridge'),
  requireKernel('veth'),
)

ready('topology', () => {
  let host: Host
  let container: Container
  beforeEach(async () => {
    host = await testHost()
    container = await host.container()
  })
  afterEach(() => host?.dispose())

  const topology = async (...flags: string[]) =>
    host.ok(executable, ['topology', ...flags], { env: { CNI_COMMAND: undefined } })
  const add = async (rest: object) => {
    const config = { cniVersion: '1.1.0', name: 'web', type: 'vethwork', subnet: '192.0.2.0/24', ...rest }
    expect(await cni(host, { command: 'ADD', container, config })).toMatchObject({ exitCode: 0 })
  }
  const seen = async () => JSON.parse(await topology('--json'))

  test('no network: says so', async () => {
    expect(await topology()).toMatch(/No network of vethwork is on this host\.\n$/)
    expect(await seen()).toMatchObject({ forwarding: { 4: false }, uplinks: [], networks: [] })
  })

  test('a container, an uplink, a port of somebody else; then the cable is pulled', async () => {
    await host.outside()
    await add({ mode: 'nat' })
    await host.batch('link add tap7 type veth peer name tap8', 'link set tap7 master br-web')
    expect(await seen()).toMatchObject({
      forwarding: { 4: true },
      uplinks: [{ name: 'eth0', state: 'UP', addresses: ['198.51.100.1/24', '2001:db8:51::1/64'] }],
      networks: [
        {
          name: 'web',
          bridge: { name: 'br-web', addresses: ['192.0.2.1/24'] },
          masquerade: true,
          ports: [
            { state: 'UP', container: { id: container.id, ifname: 'eth0', addresses: ['192.0.2.2/24'] } },
            { name: 'tap7', state: 'DOWN' },
          ],
        },
      ],
    })
    await container.batch('link set eth0 down')
    // The kernel says DOWN where both ends happen to have the same index, each in its namespace.
    const down = expect.stringMatching(/^(LOWERLAYER)?DOWN$/)
    expect((await seen()).networks[0].ports[0]).toMatchObject({ state: down })
    const drawing = await topology()
    expect(drawing).toContain(`│ ${container.id.slice(0, 12)} eth0 │`)
    expect(drawing).toMatch(/│ (LOWERLAYER)?DOWN .*│ DOWN$/m)
    expect(drawing).not.toContain('\x1b')
  })

  test.each([
    ['iptables', { mode: 'nat', ipMasqBackend: 'iptables' }, true],
    ['nftables', { isGateway: true, ipMasq: true }, true],
    ['nothing', { isGateway: true }, false],
  ])('masquerade by %s', async (_, rest, masquerade) => {
    await add(rest)
    expect((await seen()).networks).toMatchObject([{ name: 'web', masquerade }])
  })

  test('it changes nothing', async () => {
    await add({ mode: 'nat' })
    const before = await snapshot(host, host.directory)
    await topology()
    expect(await settled(before, () => snapshot(host, host.directory))).toEqual([])
  })
})
