// CHECK notices each single thing that is not as ADD left it, and nothing else.

import { rmSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import type { Container } from '../helpers/host.ts'
import { configOf, families, layer2, type ModeName, modeNames, networkName } from '../helpers/modes.ts'
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
  return { ...opened, container, config, result: json, bridge, port }
}

ready('all is as it was', () => {
  for (const mode of modeNames)
    for (const family of families)
      test(`${mode}, ${family}`, async () => {
        const { host, runtime, add } = await open()
        const container = await host.container()
        const config = configOf(mode, family)
        await add(container, config)
        succeeded(await runtime.check(container, config))
      }, 30_000)

  test('layer 2, and an interface that stays down', async () => {
    const { host, runtime, add } = await open()
    const [one, other] = await host.containers(2)
    const down = { ...layer2, disableContainerInterface: true }
    await add(one!, layer2)
    await add(other!, down)
    succeeded(await runtime.check(one!, layer2))
    succeeded(await runtime.check(other!, down))
  }, 30_000)

  test('routes with all that routes can have', async () => {
    const { host, runtime, add } = await open()
    const container = await host.container()
    const routes = [
      { dst: '192.0.2.0/24', table: 254, priority: 0, mtu: 1400, advmss: 1360 },
      { dst: '192.0.2.0/24', table: 100, priority: 7 },
      { dst: '2001:db8:9::/48', priority: 0 },
      { dst: '2001:db8:9::/48', table: 254, priority: 9 },
      { dst: '198.51.100.9/32', scope: 253 },
    ]
    const config = configOf('ipMasq by nftables', 'dual')
    const routed = { ...config, ipam: { ...config.ipam, routes } }
    await add(container, routed)
    succeeded(await runtime.check(container, routed))
  }, 30_000)

  test('all the fields at once', async () => {
    const more = { mtu: 1400, portIsolation: true, hairpinMode: true, macspoofchk: true, enabledad: true }
    const { runtime, container, config } = await attached('ipMasq by nftables', more)
    succeeded(await runtime.check(container, config))
  }, 30_000)
})

const tampered = async ({ mode, more, by, says, command }: Change) => {
  const { host, runtime, container, config, bridge, port } = await attached(mode, more)
  await by({ host, container, bridge, port })
  const { code, msg, details } = failed(await runtime.check(container, config))
  expect({ code, msg }).toEqual({ code: 106, msg: expect.stringMatching(says) })
  expect(msg).toContain(container.id)
  if (command) expect(details).toMatch(command)
}

ready('something is not as it was', () => {
  for (const [name, change] of Object.entries(changes)) test(name, () => tampered(change), 30_000)

  test('the lease is gone', async () => {
    const { host, runtime, container, config } = await attached('nat')
    rmSync(`${host.stateDir}/${networkName}`, { recursive: true })
    const { code, msg } = failed(await runtime.check(container, config))
    expect({ code, msg }).toEqual({ code: 106, msg: expect.stringMatching(/no address .* is leased to/) })
    expect(msg).toContain(container.id)
  }, 30_000)
})

ready('what the runtime says', () => {
  test('no prevResult', async () => {
    const { runtime, container, config } = await attached('nat')
    runtime.results.clear()
    expect(failed(await runtime.check(container, config))).toMatchObject({
      code: 7,
      msg: expect.stringContaining('prevResult'),
    })
  }, 30_000)

  test('a prevResult with another address', async () => {
    const { runtime, container, config, result } = await attached('nat')
    keep(runtime.results, container, { ...result, ips: [{ address: '10.44.0.77/24', interface: 2 }] })
    expect(failed(await runtime.check(container, config))).toMatchObject({
      code: 106,
      msg: expect.stringContaining('prevResult does not have the address'),
    })
  }, 30_000)

  test('a namespace that is gone', async () => {
    const { host, runtime, container, config } = await attached('nat')
    await host.remove(container)
    expect(failed(await runtime.check(container, config))).toMatchObject({ code: 8 })
  }, 30_000)
})

ready('what later plugins of the chain did is none of our business', () => {
  test('another MAC address, which prevResult has', async () => {
    const { runtime, container, config, result } = await attached('nat')
    const mac = 'c2:11:22:33:44:99'
    await container.batch(`link set eth0 address ${mac}`)
    const interfaces = result.interfaces.map((one: { name: string }) =>
      one.name === 'eth0' ? { ...one, mac } : one,
    )
    keep(runtime.results, container, { ...result, interfaces })
    succeeded(await runtime.check(container, config))
  }, 30_000)

  test('another address and another route', async () => {
    const { runtime, container, config, result } = await attached('nat')
    await container.batch('addr add 192.0.2.9/24 dev eth0', 'route add 203.0.113.0/24 via 192.0.2.1 dev eth0')
    keep(runtime.results, container, {
      ...result,
      ips: [...result.ips, { address: '192.0.2.9/24', interface: 2 }],
      routes: [...result.routes, { dst: '203.0.113.0/24', gw: '192.0.2.1' }],
    })
    succeeded(await runtime.check(container, config))
  }, 30_000)

  test('another interface, with its address', async () => {
    const { runtime, container, config, result } = await attached('nat')
    await container.batch('link add eth9 type veth', 'addr add 192.0.2.9/24 dev eth9')
    keep(runtime.results, container, {
      ...result,
      interfaces: [...result.interfaces, { name: 'eth9', mac: 'c2:11:22:33:44:99', sandbox: container.path }],
      ips: [...result.ips, { address: '192.0.2.9/24', interface: 3 }],
    })
    succeeded(await runtime.check(container, config))
  }, 30_000)

  test('other links, rules and addresses on the host', async () => {
    const { host, runtime, container, config, bridge } = await attached('nat')
    await host.batch('link add other0 type bridge', `addr add 192.0.2.1/24 dev ${bridge}`)
    await host.ok('nft', ['add table inet other'])
    succeeded(await runtime.check(container, config))
  }, 30_000)
})

given(
  requireRoot(),
  requireBuild(),
  requireFile(`${referenceDir}/host-local`),
)('addresses from a delegate', () => {
  const delegated = async () => {
    const opened = await open()
    const { host } = opened
    const container = await host.container()
    const dataDir = `${host.directory}/leases`
    const ipam = { type: 'host-local', dataDir, subnet: '10.44.0.0/24', routes: [{ dst: '0.0.0.0/0' }] }
    const config = { cniVersion: '1.0.0', type: 'vethwork', name: networkName, isGateway: true, ipam }
    const extra = { env: { CNI_PATH: referenceDir } }
    const { json } = await opened.add(container, config, extra)
    return { ...opened, container, config, extra, dataDir, result: json }
  }

  test('all is as it was', async () => {
    const { runtime, container, config, extra } = await delegated()
    succeeded(await runtime.check(container, config, extra))
  }, 30_000)

  test('its lease is gone', async () => {
    const { runtime, container, config, extra, dataDir } = await delegated()
    rmSync(dataDir, { recursive: true })
    expect(failed(await runtime.check(container, config, extra)).msg).toContain(
      "ipam plugin 'host-local', CHECK",
    )
  }, 30_000)

  test('a later plugin added an address', async () => {
    const { runtime, container, config, extra, result } = await delegated()
    await container.batch('addr add 192.0.2.9/24 dev eth0')
    keep(runtime.results, container, {
      ...result,
      ips: [...result.ips, { address: '192.0.2.9/24', interface: 2 }],
    })
    succeeded(await runtime.check(container, config, extra))
  }, 30_000)
})

/** As if a later plugin of the chain had returned it. */
const keep = (results: Map<string, object>, { id }: Container, result: object) =>
  results.set(`${networkName} ${id} eth0`, result)
