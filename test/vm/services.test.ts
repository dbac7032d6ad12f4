// Services where a stock kernel is needed: ports of a VLAN and of GRE, what is set and routed of an ipvlan, guards of a
// bridge that knows VLANs.
import { afterEach, expect, test } from '@jest/globals'
import { far, lan, router } from '../helpers/hosts.ts'
import { configOf } from '../helpers/modes.ts'
import { capture, pings } from '../helpers/packets.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'
import { configOn, dual, type Plugged, plugIn, type Spanning } from '../helpers/spanning.ts'
import { stock } from '../helpers/spanning-modes.ts'
import { publishesAnycast, publishesAtGatewayHost } from '../helpers/spanning-services.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('tcpdump'),
  requireTool('conntrack'),
  requireKernel('vlan'),
  requireKernel('gretap'),
  requireKernel('ipvlan'),
)

ready('ports are published', () => {
  test('vlan, each host being the gateway of its own', () => publishesAnycast(open, stock.vlan!), 240_000)
  test('gre, one host being the gateway of all', () => publishesAtGatewayHost(open, stock.gre!), 240_000)
})

ready('ipvlan', () => {
  const ipvlan = stock['ipvlan l2']!

  test('sourceRouting: who asks by it is answered by it, though the default route is another', async () => {
    const { sites, wire } = await lan(open)
    const [site] = sites
    const asked = async (sourceRouting: boolean) => {
      const container = await site.host.container()
      await site.add(container, configOf('nat', 'dual'))
      const config = configOn(site, ipvlan, false, { sourceRouting })
      const ways = [
        { dst: '0.0.0.0/0', gw: router.v4, priority: 5000 },
        { dst: '::/0', gw: router.v6, priority: 5000 },
      ]
      const routed = { ...config, ipam: { ...config.ipam, routes: ways } }
      const { json } = await site.add(container, routed, { ifname: 'eth1' })
      const replies = 'icmp[icmptype] == icmp-echoreply or (icmp6 and ip6[40] == 129)'
      const ear = await capture(container, 'eth1', replies)
      const [v4, v6] = json.ips.map(({ address }: { address: string }) => address.split('/')[0])
      const answered = [
        (await wire.sh('ping', ['-n', '-c2', '-W2', '-I', far.v4, v4])).exitCode === 0,
        (await wire.sh('ping', ['-n', '-c2', '-W2', '-I', far.v6, v6])).exitCode === 0,
      ]
      const own = (await ear.stop()).length
      succeeded(await site.runtime.check(container, routed, { ifname: 'eth1' }))
      await site.del(container, routed, { ifname: 'eth1' })
      return { answered, own }
    }
    expect((await asked(false)).own).toBe(0)
    expect(await asked(true)).toEqual({ answered: [true, true], own: 4 })
  }, 240_000)

  test('tuning: set and checked, and its MAC stays its master’s', async () => {
    const [site, other] = (await lan(open)).sites
    const tuned = {
      sysctl: { 'net.ipv4.ip_local_port_range': '20000 30000', 'net.ipv4.conf.IFNAME.arp_filter': '1' },
      mtu: 1400,
      txQLen: 77,
      allmulti: true,
    }
    const a = await plugIn(site, ipvlan, false, tuned)
    const b = await plugIn(other, ipvlan)
    const [link] = await a.container.ip('link show dev eth0')
    const [master] = await site.host.ip('link show dev eth1')
    expect(link).toMatchObject({
      address: master.address,
      mtu: 1400,
      txqlen: 77,
      flags: expect.arrayContaining(['ALLMULTI']),
    })
    const ask = (key: string) => a.container.ok('cat', [`/proc/sys/net/ipv4/${key}`])
    expect(await ask('ip_local_port_range')).toBe('20000\t30000\n')
    expect(await ask('conf/eth0/arp_filter')).toBe('1\n')
    for (const family of dual) expect(await pings(a.container, b[family])).toBe(true)
    succeeded(await site.runtime.check(a.container, a.config))
    await a.container.batch('link set eth0 txqueuelen 5')
    expect(failed(await site.runtime.check(a.container, a.config)).msg).toMatch(/set eth0 txqueuelen 77/)
    await site.del(a.container, a.config)
  }, 240_000)
})

ready('a bridge that knows VLANs', () => {
  const access = (more: object): Spanning => ({
    fields: () => ({ bridge: 'br0', vlan: 100, preserveDefaultVlan: false, isGateway: true, ...more }),
    mtu: 1500,
    wire: ['icmp', /./],
  })
  const two = async (more: object): Promise<[Plugged, Plugged]> => {
    const [site] = (await lan(open)).sites
    return [await plugIn(site, access(more)), await plugIn(site, access(more))]
  }

  test('portIsolation: the gateway is reached, the neighbour is not', async () => {
    const [a, b] = await two({ portIsolation: true })
    expect([await pings(a.container, '10.60.0.1'), await pings(b.container, 'fd00:60::1')]).toEqual([
      true,
      true,
    ])
    for (const family of dual) expect(await pings(a.container, b[family], 1)).toBe(false)
    succeeded(await a.site.runtime.check(a.container, a.config))
  }, 240_000)

  test('macspoofchk: who says that he is another is not heard', async () => {
    const [a, b] = await two({ macspoofchk: true })
    for (const family of dual) expect(await pings(a.container, b[family])).toBe(true)
    const ear = await capture(b.container, 'eth0', 'ether src 02:00:00:00:00:66')
    await a.container.batch('link set eth0 address 02:00:00:00:00:66')
    for (const family of dual) expect(await pings(a.container, b[family], 1)).toBe(false)
    expect(await ear.stop()).toEqual([])
    await a.container.batch(`link set eth0 address ${a.mac}`)
    expect(await pings(a.container, b.v4)).toBe(true)
    succeeded(await a.site.runtime.check(a.container, a.config))
  }, 240_000)
})
