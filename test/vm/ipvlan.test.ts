// ipvlan where the host routes (l3, l3s), and the reference plugins ipvlan and vlan by their own configurations.
import { afterEach, expect, test } from '@jest/globals'
import { lan, type Site } from '../helpers/hosts.ts'
import { capture, pings } from '../helpers/packets.ts'
import { referenceDir } from '../helpers/plugins.ts'
import {
  given,
  requireBuild,
  requireFile,
  requireKernel,
  requireRoot,
  requireTool,
} from '../helpers/requirements.ts'
import { scenes, succeeded } from '../helpers/scene.ts'
import { inVlan7, isAsTheReference, knowingTheWay, worksOnItsOwnMaster } from '../helpers/spanning-lower.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('tcpdump'),
  requireTool('nft'),
  requireKernel('ipvlan'),
  requireKernel('vlan'),
)

/** Each host's containers have subnets of their own; the other host has routes to them. */
const routed = ({ n }: Site, ipvlanMode: string) => ({
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: 'net-a',
  mode: 'ipvlan',
  ipvlanMode,
  master: 'eth1',
  ipam: {
    type: 'vethwork-ipam',
    ranges: [[{ subnet: `10.61.${n}.0/24` }], [{ subnet: `fd00:61:${n}::/64` }]],
    routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
  },
})

const plugIn = async (site: Site, ipvlanMode: string) => {
  const container = await site.host.container()
  const config = routed(site, ipvlanMode)
  const { json } = await site.add(container, config)
  const [v4, v6] = json.ips.map(({ address }: { address: string }) => address.split('/')[0])
  return { site, container, config, v4, v6 }
}

/** Packets for the host's containers that pass its input hook. */
const counter = async ({ host, n }: Site) => {
  const lines = [
    'add table ip seen',
    'add chain ip seen input { type filter hook input priority 0; }',
    `add rule ip seen input ip daddr 10.61.${n}.0/24 counter`,
  ]
  await host.ok('nft', ['-f', '-'], { input: `${lines.join('\n')}\n` })
  return async () => {
    const { nftables } = JSON.parse(await host.ok('nft', ['-j', 'list', 'chain', 'ip', 'seen', 'input']))
    const [, { counter: count }] = nftables.find((one: { rule?: object }) => one.rule).rule.expr
    await host.ok('nft', ['delete', 'table', 'ip', 'seen'])
    return count.packets as number
  }
}

ready('ipvlanMode', () => {
  for (const [mode, words, passes] of [
    ['l3', 'past the host’s rules', false],
    ['l3s', 'through the host’s rules', true],
  ] as const)
    test(`${mode}: the host routes, without ARP, ${words}`, async () => {
      const { sites } = await lan(open)
      for (const { host, n } of sites) {
        const other = sites[2 - n]!
        await host.batch(
          `route add 10.61.${other.n}.0/24 via ${other.v4}`,
          `route add fd00:61:${other.n}::/64 via ${other.v6}`,
        )
      }
      const before = await sites[0].remember()
      const [a, b] = [await plugIn(sites[0], mode), await plugIn(sites[0], mode)]
      const c = await plugIn(sites[1], mode)
      const counted = await counter(sites[0])
      const asked = await capture(a.container, 'eth0', 'arp or (icmp6 and ip6[40] >= 133)')
      for (const [from, to] of [
        [a, b],
        [a, c],
        [c, b],
      ] as const)
        expect([await pings(from.container, to.v4), await pings(from.container, to.v6)]).toEqual([true, true])
      expect(
        (await asked.stop()).filter(
          line => line.includes('who-has') || line.includes('neighbor solicitation'),
        ),
      ).toEqual([])
      expect((await counted()) > 0).toBe(passes)
      for (const { site, container, config } of [a, b, c])
        succeeded(await site.runtime.check(container, config))
      for (const { site, container, config } of [a, b, c]) await site.del(container, config)
      await before.expectSame(a.container, b.container)
    }, 240_000)
})

ready('linkInContainer', () => {
  test('ipvlan', () => worksOnItsOwnMaster(open, { mode: 'ipvlan' }), 120_000)
  test('a VLAN', () => worksOnItsOwnMaster(open, { mode: 'vlanlink', vlanId: 7 }, inVlan7), 120_000)
})

given(
  requireRoot(),
  requireBuild(),
  requireKernel('ipvlan'),
  requireFile(`${referenceDir}/ipvlan`),
)('as the reference', () => {
  test('ipvlan: its defaults', () => isAsTheReference(open, { type: 'ipvlan' }), 120_000)
  test(
    'ipvlan: mode l3, mtu',
    () => isAsTheReference(open, { type: 'ipvlan', mode: 'l3', mtu: 1400 }, knowingTheWay),
    120_000,
  )
  test('vlan', () => isAsTheReference(open, { type: 'vlan', vlanId: 7 }, inVlan7), 120_000)
  test('vlan: mtu', () => isAsTheReference(open, { type: 'vlan', vlanId: 7, mtu: 1400 }, inVlan7), 120_000)
})
