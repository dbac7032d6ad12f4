// What the fields promise, proven with packets, switched on and switched off.
import { afterEach, expect, test } from '@jest/globals'
import { beyond, configOf, eachOf, type Family, families, gateways, hostSeen } from '../helpers/modes.ts'
import { capture, pings, sourceSeenBy } from '../helpers/packets.ts'
import { pairOn } from '../helpers/pair.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('tcpdump'),
  requireTool('arping'),
  requireKernel('bridge'),
)

const pair = async (config: ReturnType<typeof configOf>) => pairOn(await open(), config)

ready('fields', () => {
  test('hairpinMode: a frame comes back by the port it left', async () => {
    const seen = async (hairpinMode: boolean) => {
      const { one } = await pair(configOf('nat', 'v4', { hairpinMode }))
      const frames = await capture(one, 'eth0', '-Q in arp and ether src 02:42:0a:2c:00:02')
      await one.sh('arping', ['-c', '2', '-w', '2', '-I', 'eth0', '10.44.0.99'])
      return (await frames.stop()).length > 0
    }
    expect(await seen(true)).toBe(true)
    expect(await seen(false)).toBe(false)
  }, 60_000)

  test('portIsolation: not each other, but the gateway and the outside', async () => {
    for (const family of families) {
      const { one, outside, there } = await pair(configOf('portIsolation', family))
      for (const which of eachOf(family)) {
        expect(await pings(one, there[which], 2)).toBe(false)
        expect(await pings(one, gateways[which])).toBe(true)
        expect(await sourceSeenBy(outside, one, beyond[which])).toBe(hostSeen[which])
      }
    }
  }, 90_000)

  test('macspoofchk: what a foreign MAC address sends is dropped', async () => {
    const { host, one, two, bridge, result } = await pair(configOf('macspoofchk', 'v4'))
    const { mac } = result.interfaces[2]
    const spoofed = async () => {
      const frames = await capture(host, bridge, 'arp and ether src c2:11:22:33:44:99')
      await one.batch('link set eth0 address c2:11:22:33:44:99')
      await one.sh('arping', ['-c', '2', '-w', '2', '-I', 'eth0', gateways.v4])
      const reached = await pings(one, gateways.v4, 2)
      await one.batch(`link set eth0 address ${mac}`)
      return { reached, frames: (await frames.stop()).length > 0 }
    }
    expect(await pings(one, gateways.v4)).toBe(true)
    expect(await spoofed()).toEqual({ reached: false, frames: false })
    expect(await pings(one, gateways.v4)).toBe(true)
    expect(await pings(two, gateways.v4)).toBe(true)
    await host.ok('nft', ['delete', 'table', 'bridge', 'vethwork'])
    expect(await spoofed()).toEqual({ reached: true, frames: true })
  }, 60_000)

  test('promiscMode and mtu', async () => {
    const { host, one, bridge, port, result } = await pair(
      configOf('ipMasq by nftables', 'dual' as Family, { promiscMode: true, mtu: 1400 }),
    )
    const [link] = await host.ip(`link show dev ${bridge}`)
    expect(link.flags).toContain('PROMISC')
    const mtus = [
      link,
      (await host.ip(`link show dev ${port}`))[0],
      (await one.ip('link show dev eth0'))[0],
    ].map(({ mtu }) => mtu)
    expect(mtus).toEqual([1400, 1400, 1400])
    expect(result.interfaces.map(({ mtu }: { mtu: number }) => mtu)).toEqual([1400, 1400, 1400])
    const send = (size: number) =>
      one.sh('ping', ['-n', '-c1', '-W2', '-M', 'do', '-s', String(size - 28), gateways.v4])
    expect((await send(1400)).exitCode).toBe(0)
    expect((await send(1401)).exitCode).not.toBe(0)
  }, 60_000)

  test('forceAddress: a foreign address on the bridge is refused, or replaced', async () => {
    const { host, runtime, remember } = await open()
    const container = await host.container()
    await host.batch('link add vwtbr0 type bridge', 'link set vwtbr0 up', 'addr add 10.99.0.1/24 dev vwtbr0')
    const before = await remember()
    const config = configOf('ipMasq by nftables', 'v4', { bridge: 'vwtbr0' })
    const refused = failed(await runtime.add(container, config))
    expect(refused).toMatchObject({ code: 104, msg: expect.stringContaining('10.99.0.1/24') })
    expect(refused.details).toContain('forceAddress')
    await before.expectSame(container)
    succeeded(await runtime.add(container, { ...config, forceAddress: true }))
    const [{ addr_info }] = await host.ip('-4 addr show dev vwtbr0')
    expect(addr_info.map(({ local }: { local: string }) => local)).toEqual([gateways.v4])
    expect(await pings(container, gateways.v4)).toBe(true)
  }, 60_000)
})

ready('facts', () => {
  test('unplugged the container’s end has no carrier, plugged it is UP', async () => {
    const { host, one, port } = await pair(configOf('nat', 'v4'))
    const state = async () => (await one.ip('link show dev eth0'))[0].operstate
    const becomes = async (...wanted: string[]) => {
      for (let tries = 0; tries < 50 && !wanted.includes(await state()); tries++)
        await new Promise(resolve => setTimeout(resolve, 50))
      expect(wanted).toContain(await state())
    }
    await becomes('UP')
    await host.batch(`link set ${port} down`)
    // Newer kernels say no more than DOWN where the other end is in another namespace.
    await becomes('LOWERLAYERDOWN', 'DOWN')
    await host.batch(`link set ${port} up`)
    await becomes('UP')
  }, 30_000)

  test('a default route from router advertisements survives forwarding', async () => {
    const { host, add } = await open()
    await host.outside()
    const acceptRa = () => host.ok('cat', ['/proc/sys/net/ipv6/conf/eth0/accept_ra'])
    await host.batch('route add ::/0 via fe80::1 dev eth0 proto ra')
    expect((await acceptRa()).trim()).toBe('1')
    const container = await host.container()
    await add(container, configOf('nat', 'dual'))
    expect((await acceptRa()).trim()).toBe('2')
    const routes = await host.ip('-6 route show default')
    expect(routes).toContainEqual(expect.objectContaining({ gateway: 'fe80::1', dev: 'eth0' }))
  }, 30_000)
})
