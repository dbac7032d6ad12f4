// Who computes the checksums of what a VXLAN carries: left to the card they are not there yet on the wire of these tests.
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { lan, type Site } from '../helpers/hosts.ts'
import { capture, connect, listen } from '../helpers/packets.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'
import { configOn, plugIn, type Spanning } from '../helpers/spanning.ts'
import { native } from '../helpers/spanning-modes.ts'
import { isNoticed, leavesNothing, survivesEachFault } from '../helpers/spanning-state.ts'
import { surrounded, without } from '../helpers/surroundings.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('tcpdump'),
  requireTool('ethtool'),
  requireKernel('vxlan'),
)

const byPeers = native['vxlan, peers']!
const own: Spanning = {
  ...byPeers,
  fields: site => ({ ...byPeers.fields(site), txChecksum: false }),
  own: /^ethtool/,
}

const feature = async ({ host }: Site, dev: string) =>
  /tx-checksum-ip-generic: (on|off)/.exec(await host.ok('ethtool', ['-k', dev]))?.[1]

/** What tcpdump says of the checksums of TCP segments inside the tunnel, as they leave the first host. */
const sumsOnTheWire = async (mode: Spanning) => {
  const { sites, wire } = await lan(open)
  const [a, b] = [await plugIn(sites[0], mode), await plugIn(sites[1], mode)]
  const server = await listen(b.container, 7000, 'hello')
  const seen = await capture(wire, sites[0].port, `-vv udp port 4789 and src host ${sites[0].v4}`)
  try {
    expect(await connect(a.container, b.v4, 7000)).toBe('hello\n')
  } finally {
    await server.stop()
  }
  const lines = (await seen.stop()).filter(line => line.includes(`${a.v4}.`) && line.includes('Flags ['))
  return { site: sites[0], sums: new Set(lines.map(line => /cksum \S+ \((\w+)/.exec(line)?.[1])) }
}

ready('the checksums of what a VXLAN carries', () => {
  test('are left to the card, where nothing is known against it', async () => {
    const { site, sums } = await sumsOnTheWire(byPeers)
    expect(await feature(site, 'vx5000')).toBe('on')
    expect(sums).toContain('incorrect')
  }, 60_000)

  test('txChecksum: false: they are computed before the tunnel, and elsewhere nothing changes', async () => {
    const { site, sums } = await sumsOnTheWire(own)
    expect(sums).toEqual(new Set(['correct']))
    expect([await feature(site, 'vx5000'), await feature(site, 'eth1')]).toEqual(['off', 'on'])
  }, 60_000)

  test('txChecksum: false: nothing is left', () => leavesNothing(open, own), 120_000)
  test('txChecksum: false: each word to ethtool fails once', () => survivesEachFault(open, own), 300_000)
  test(
    'CHECK notices that they are left to the card again',
    () =>
      isNoticed(open, own, {
        'by hand': [
          'ethtool -K UPLINK tx-checksum-ip-generic on',
          /compute checksums before packets enter vx5000 \(txChecksum: false\)/,
        ],
      }),
    60_000,
  )

  test('without ethtool: nobody misses it, but txChecksum: false, which says so and leaves nothing', async () => {
    const [site] = (await lan(open)).sites
    const container = await site.host.container()
    const before = await site.remember()
    const place = surrounded(site.host, without('ethtool'))
    const call = (command: 'ADD' | 'DEL' | 'STATUS', mode: Spanning) =>
      cni(place, { command, container, config: configOn(site, mode) })
    for (const command of ['STATUS', 'ADD', 'DEL'] as const) succeeded(await call(command, byPeers))
    await site.cli('prune')
    for (const [command, code] of [
      ['STATUS', 50],
      ['ADD', 107],
    ] as const)
      expect(failed(await call(command, own))).toMatchObject({
        code,
        msg: expect.stringContaining("'ethtool' is not installed"),
        details: expect.stringContaining('apt-get install ethtool'),
      })
    await before.expectSame(container)
  }, 60_000)
})
