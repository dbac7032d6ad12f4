// Networks that leave the host, of the kinds for which a kernel must have 802.1Q, GRE and ipvlan.
import { afterEach, expect, test } from '@jest/globals'
import { lan } from '../helpers/hosts.ts'
import { capture, pings } from '../helpers/packets.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes, succeeded } from '../helpers/scene.ts'
import {
  isHeardOfNobodyElse,
  isNoticed,
  isSeenOnTheWire,
  leavesNothing,
  plugIn,
  reachesAcross,
  type Spanning,
} from '../helpers/spanning.ts'
import { stock } from '../helpers/spanning-modes.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('tcpdump'),
  requireKernel('vlan'),
  // Also so that the tunnels that these modules put into each namespace are there from the start.
  requireKernel('gretap'),
  requireKernel('ip6gretap'),
  requireKernel('ipvlan'),
)

for (const [name, mode] of Object.entries(stock))
  ready(name, () => {
    test(
      'containers of two hosts: both ways, with packets of full size',
      () => reachesAcross(open, mode),
      300_000,
    )
    test('as it looks on the wire', () => isSeenOnTheWire(open, mode), 120_000)
    if (mode.other)
      test('another one with the same subnet hears nothing', () => isHeardOfNobodyElse(open, mode), 300_000)
    test('ADD, CHECK, DEL, GC, prune: nothing is left', () => leavesNothing(open, mode), 300_000)
  })

ready('the VLAN-aware bridge', () => {
  const access = (vlan: number, more: object = {}): Spanning => ({
    fields: () => ({ bridge: 'br0', vlan, preserveDefaultVlan: false, ...more }),
    mtu: 1500,
    wire: ['icmp', /./],
  })
  test('access ports of one VLAN reach each other, those of another do not hear them', async () => {
    const [site] = (await lan(open)).sites
    const [a, b] = [await plugIn(site, access(100)), await plugIn(site, access(100))]
    const c = await plugIn(site, access(200), true)
    const ear = await capture(c.container, 'eth0', `ether src ${a.mac} or ether src ${b.mac}`)
    expect(await pings(a.container, b.v4)).toBe(true)
    expect(await pings(a.container, c.v4, 1)).toBe(false)
    expect(await ear.stop()).toEqual([])
    for (const one of [a, b, c]) succeeded(await site.runtime.check(one.container, one.config))
  }, 120_000)

  test('a trunk port gets the frames of its VLANs, tagged', async () => {
    const [site] = (await lan(open)).sites
    const a = await plugIn(site, access(100))
    const trunk: Spanning = {
      fields: () => ({ bridge: 'br0', vlanTrunk: [{ id: 100 }, { minID: 300, maxID: 302 }], ipam: {} }),
      mtu: 1500,
      wire: ['icmp', /./],
    }
    const container = await site.host.container()
    const config = { cniVersion: '1.1.0', type: 'vethwork', name: 'trunk', ...trunk.fields(site) }
    await site.add(container, config)
    await container.batch(
      'link add eth0.100 link eth0 up type vlan id 100',
      'addr add 10.60.0.99/24 dev eth0.100',
    )
    const seen = await capture(container, 'eth0', 'vlan 100')
    expect(await pings(a.container, '10.60.0.99')).toBe(true)
    expect((await seen.stop()).join('\n')).toMatch(/802\.1Q \(0x8100\).* vlan 100, .*ICMP echo request/)
    succeeded(await site.runtime.check(container, config))
  }, 120_000)

  test('the gateway is on the bridge’s own VLAN interface', async () => {
    const [site] = (await lan(open)).sites
    const a = await plugIn(site, access(100, { isGateway: true }))
    expect(await pings(a.container, '10.60.0.1')).toBe(true)
    expect((await site.host.ip('addr show dev br0.100'))[0].addr_info[0].local).toBe('10.60.0.1')
    succeeded(await site.runtime.check(a.container, a.config))
  }, 120_000)

  test('CHECK notices a port that is out of its VLAN', async () => {
    const [site] = (await lan(open)).sites
    const a = await plugIn(site, access(100))
    const port = a.result.interfaces[1].name
    await site.host.ok('bridge', ['vlan', 'del', 'dev', port, 'vid', '100'])
    const { json } = await site.runtime.check(a.container, a.config)
    expect(json?.msg).toMatch(/access port of VLAN 100/)
    await site.host.ok('sh', ['-ec', json.details])
    succeeded(await site.runtime.check(a.container, a.config))
  }, 120_000)
})

ready('CHECK', () => {
  test(
    'vlan: the uplink is down, out of its bridge, gone',
    () =>
      isNoticed(open, stock.vlan!, {
        down: ['ip link set eth1.100 down', /set eth1\.100 up/],
        'out of the bridge': ['ip link set eth1.100 nomaster', /set eth1\.100 master br-net-a/],
        gone: ['ip link del eth1.100', /create the vlan eth1\.100/],
      }),
    120_000,
  )
})
