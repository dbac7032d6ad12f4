import { afterEach, expect, test } from '@jest/globals'
import { beyond, configOf, subnets } from '../helpers/modes.ts'
import type { Netns } from '../helpers/netns.ts'
import { pairOn } from '../helpers/pair.ts'
import { expectMore, expectRate } from '../helpers/rate.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('tc'),
  requireKernel('bridge'),
  requireKernel('ifb'),
)

const UNSAID = 4294967295
const shaped = (ingressRate: number, egressRate: number, burst = UNSAID) => ({
  ingressRate,
  ingressBurst: ingressRate && burst,
  egressRate,
  egressBurst: egressRate && burst,
})

/** The machine outside finds the containers by the host. */
const routed = async (outside: Netns) =>
  outside.batch(`route add ${subnets.v4} via 198.51.100.1`, `route add ${subnets.v6} via 2001:db8:51::1`)

ready('what arrives', () => {
  for (const [family, rate, burst] of [
    ['v4', 20e6, UNSAID],
    ['v6', 20e6, 2e6],
    ['v4', 200e6, 2e6],
    ['v6', 200e6, UNSAID],
  ] as const)
    test(`${family}, ${rate / 1e6} Mbit/s, from outside and to it`, async () => {
      // Twice as fast the other way: no direction is taken for the other.
      const config = configOf('nat', 'dual', shaped(rate, 2 * rate, burst))
      const { one, outside, here } = await pairOn(await open(), config)
      await routed(outside)
      await expectRate(rate, outside, one, here[family])
      await expectRate(2 * rate, one, outside, beyond[family])
    }, 60_000)

  for (const family of ['v4', 'v6'] as const)
    test(`${family}, container to container: the slower of the two`, async () => {
      const config = configOf('nat', 'dual', shaped(20e6, 100e6))
      const { one, two, there } = await pairOn(await open(), config)
      await expectRate(20e6, one, two, there[family])
    }, 60_000)

  test('without a rate much more does, and nothing is made for it', async () => {
    const { host, one, outside } = await pairOn(await open(), configOf('nat', 'dual', shaped(0, 0)))
    await expectMore(300e6, one, outside, beyond.v4)
    expect(await host.ok('tc', ['qdisc', 'show'])).not.toMatch(/htb|ingress/)
    expect(await host.ip('link show type ifb')).toEqual([])
  }, 60_000)

  test('large frames', async () => {
    const config = configOf('nat', 'v4', { ...shaped(50e6, 50e6), mtu: 9000 })
    const { one, two, there } = await pairOn(await open(), config)
    await expectRate(50e6, one, two, there.v4)
  }, 60_000)

  test('as containerd asks for it', async () => {
    const { host, add } = await open()
    const [container, outside] = [await host.container(), await host.outside()]
    const bandwidth = { IngressRate: 0, IngressBurst: 0, EgressRate: 30_000_000, EgressBurst: UNSAID }
    const capabilities = { bandwidth: true }
    await add(container, { ...configOf('nat', 'v4'), capabilities, runtimeConfig: { bandwidth } })
    await expectRate(30e6, container, outside, beyond.v4)
    expect(await host.ip('link show type ifb')).toHaveLength(1)
    expect((await host.ok('tc', ['qdisc', 'show'])).match(/htb/g)).toHaveLength(1)
  }, 60_000)
})

ready('subnets', () => {
  const peers = { v4: '198.51.100.0/24', v6: '2001:db8:51::/64' } as const
  for (const family of ['v4', 'v6'] as const) {
    test(`unshapedSubnets, ${family}`, async () => {
      const config = configOf('nat', 'dual', { ...shaped(20e6, 20e6), unshapedSubnets: [peers[family]] })
      const { one, two, outside, here, there } = await pairOn(await open(), config)
      await routed(outside)
      await expectMore(100e6, one, outside, beyond[family])
      await expectMore(100e6, outside, one, here[family])
      await expectRate(20e6, one, two, there[family])
    }, 60_000)

    test(`shapedSubnets, ${family}`, async () => {
      const config = configOf('nat', 'dual', { ...shaped(20e6, 20e6), shapedSubnets: [peers[family]] })
      const { one, two, outside, here, there } = await pairOn(await open(), config)
      await routed(outside)
      await expectRate(20e6, one, outside, beyond[family])
      await expectRate(20e6, outside, one, here[family])
      await expectMore(100e6, one, two, there[family])
    }, 60_000)
  }
})
