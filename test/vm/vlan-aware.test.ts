// The bridge that knows VLANs: access ports, trunks, the gateway of one, and a cable that carries all to another host.
import { afterEach, expect, test } from '@jest/globals'
import { lan } from '../helpers/hosts.ts'
import { capture, pings } from '../helpers/packets.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes, succeeded } from '../helpers/scene.ts'
import { type Plugged, plugIn, type Spanning } from '../helpers/spanning.ts'
import { isRemovedInSpiteOfFaults, leavesNothing, survivesEachFault } from '../helpers/spanning-state.ts'

const open = scenes(afterEach)
const ready = given(requireRoot(), requireBuild(), requireTool('tcpdump'), requireKernel('vlan'))

const access = (vlan: number, more: object = {}): Spanning => ({
  fields: () => ({ bridge: 'br0', vlan, preserveDefaultVlan: false, ...more }),
  mtu: 1500,
  wire: ['icmp', /./],
})

ready('the VLAN-aware bridge', () => {
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

  test('a trunk between two hosts carries its VLANs, each to its own', async () => {
    const { sites, wire } = await lan(open)
    const plugged: Plugged[][] = []
    for (const site of sites) {
      plugged.push([await plugIn(site, access(100)), await plugIn(site, access(200), true)])
      await site.host.batch('link set eth1 master br0')
      await site.host.ok('sh', [
        '-ec',
        'bridge vlan del dev eth1 vid 1; for vid in 100 200; do bridge vlan add dev eth1 vid $vid; done',
      ])
    }
    const [a, c, b, d] = plugged.flat() as [Plugged, Plugged, Plugged, Plugged]
    const seen = await capture(wire, sites[0].port, 'vlan and icmp')
    const ear = await capture(d.container, 'eth0', `ether src ${a.mac} or ether src ${b.mac}`)
    expect([await pings(a.container, b.v4), await pings(b.container, a.v6)]).toEqual([true, true])
    expect([await pings(c.container, d.v4), await pings(d.container, c.v6)]).toEqual([true, true])
    expect([await pings(a.container, d.v4, 1), await pings(c.container, b.v4, 1)]).toEqual([false, false])
    expect(await ear.stop()).toEqual([])
    const wireText = (await seen.stop()).join('\n')
    expect(wireText).toMatch(new RegExp(`vlan 100, .*${a.v4} > ${b.v4}: ICMP echo request`))
    expect(wireText).toMatch(new RegExp(`vlan 200, .*${c.v4} > ${d.v4}: ICMP echo request`))
    for (const { site, container, config } of [a, b, c, d])
      succeeded(await site.runtime.check(container, config))
  }, 240_000)

  const gateway = { ...access(100, { isGateway: true }), own: /vlan|br0\.100/ }
  const proven = (what: string, proof: () => Promise<unknown>) =>
    test(what, async () => {
      const positions = await proof()
      if (positions) process.stderr.write(`the VLAN-aware bridge, ${what}: ${positions} positions\n`)
    }, 400_000)
  proven('ADD, CHECK, DEL, GC, prune: nothing is left', () => leavesNothing(open, access(100)))
  proven('each op of ADD fails once', () => survivesEachFault(open, gateway))
  proven('each op of DEL fails once', () => isRemovedInSpiteOfFaults(open, gateway))
})
