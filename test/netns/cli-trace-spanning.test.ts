// vethwork trace on networks that leave the host: there, back, and what the host must let in for them.

import { afterEach, expect, test } from '@jest/globals'
import { lan } from '../helpers/hosts.ts'
import { pings } from '../helpers/packets.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'
import { plugIn } from '../helpers/spanning.ts'
import { native } from '../helpers/spanning-modes.ts'
import { isTracedAcross, tracedFrom } from '../helpers/tracing.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireKernel('bridge'),
  requireKernel('vxlan'),
  requireKernel('macvlan'),
)

/** By what it must be said to leave. */
const leaves: Readonly<Record<string, RegExp>> = {
  'vxlan, group': /leaves by vx5000/,
  'vxlan, IPv6 group': /leaves by vx5000/,
  'vxlan, peers': /leaves by vx5000, and inside of it by eth1 to 192\.0\.2\.2/,
  'vxlan, IPv6 peers': /leaves by vx5000, and inside of it by eth1 to 2001:db8::2/,
  flat: /leaves by eth1/,
  macvlan: /leaves by eth1/,
}

ready('trace between hosts', () => {
  test('delivered, in both families; live the same', () => isTracedAcross(open, native, leaves), 120_000)

  test('a firewall that takes no VXLAN: the answer is lost there', async () => {
    const { sites } = await lan(open)
    const mode = native['vxlan, peers']!
    const [a, b] = [await plugIn(sites[0], mode), await plugIn(sites[1], mode)]
    expect(await pings(a.container, b.v4)).toBe(true)
    expect(await tracedFrom(sites[0], a.container.id, b.v4)).toMatchObject({ exitCode: 0 })
    await sites[0].host.ok('nft', [
      'add table inet fw; add chain inet fw c { type filter hook input priority 0; }; add rule inet fw c udp dport 4789 drop',
    ])
    expect(await pings(a.container, b.v4, 1)).toBe(false)
    const { exitCode, verdict } = await tracedFrom(sites[0], a.container.id, b.v4)
    expect({ exitCode, verdict }).toEqual({
      exitCode: 1,
      verdict: expect.stringMatching(
        /^dropped at rule \d+ of the chain 'inet fw c' because the answer does not come back: it drops 192\.0\.2\.2 → 192\.0\.2\.1:4789 \(by eth1\)/,
      ),
    })
  }, 60_000)

  test('macvlan: neighbours on the same host, and not the host itself', async () => {
    const { sites } = await lan(open)
    const mode = native.macvlan!
    const [a, b] = [await plugIn(sites[0], mode), await plugIn(sites[0], mode)]
    expect(await pings(a.container, b.v4)).toBe(true)
    expect(await tracedFrom(sites[0], a.container.id, b.container.id)).toMatchObject({
      exitCode: 0,
      verdict: expect.stringMatching(/^delivered to eth0 of container/),
    })
    expect(await pings(a.container, sites[0].v4, 1)).toBe(false)
    expect(await tracedFrom(sites[0], a.container.id, sites[0].v4)).toMatchObject({
      exitCode: 1,
      verdict: expect.stringMatching(/^dropped at eth1 because macvlan does not lead to the host itself/),
    })
  }, 60_000)
})
