// Networks that several hosts share: told who is where, with one gateway or one on each, with addresses divided among them.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import type { Container } from '../helpers/host.ts'
import { far, lan, type Site } from '../helpers/hosts.ts'
import { capture, pings } from '../helpers/packets.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(requireRoot(), requireBuild(), requireTool('tcpdump'), requireKernel('vxlan'))

const subnet = '10.60.0.0/24'
const gateway = '10.60.0.1'
const peers = ['192.0.2.1', '192.0.2.2']

const vxlan = (more: object): Readonly<Record<string, unknown>> => ({
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: 'blue',
  mode: 'vxlan',
  vni: 4200,
  physicalNetwork: 'default',
  ...more,
})

/** Each host gives out its own part of the subnet. */
const divide = (sites: readonly Site[]) => {
  for (const { host, n, master } of sites)
    writeFileSync(
      join(host.directory, 'host.json'),
      JSON.stringify({
        name: `host${n}`,
        physicalNetworks: { default: master },
        ranges: { blue: [{ rangeStart: `10.60.0.${n}0`, rangeEnd: `10.60.0.${n}9` }] },
      }),
    )
}

const plug = async (site: Site, container: Container, config: ReturnType<typeof vxlan>) => {
  const { json } = await site.add(container, config)
  return { site, container, ip: json.ips[0].address.split('/')[0], mac: json.interfaces.at(-1).mac }
}

ready('one subnet, several hosts', () => {
  test('told who is where, 20 containers on 2 hosts all talk to all: no ARP on the underlay', async () => {
    const { sites, wire } = await lan(open)
    divide(sites)
    const config = vxlan({ learning: false, subnet })
    const plugged = []
    for (const site of sites)
      for (const container of await site.host.containers(10))
        plugged.push(await plug(site, container, config))
    for (const { site, ip, mac } of plugged)
      for (const other of sites)
        if (other !== site) expect((await other.cli('fdb', 'add', 'blue', ip, mac, site.v4)).exitCode).toBe(0)
    const seen = await capture(wire, sites[0].port, 'udp port 4789')
    const everybody = plugged.map(({ ip }) => ip).join(' ')
    for (const { container } of plugged) {
      const script = `for a in ${everybody}; do ping -q -c1 -W2 $a > /dev/null || echo $a; done`
      expect((await container.sh('sh', ['-c', script])).stdout).toBe('')
    }
    const lines = (await seen.stop()).join('\n')
    expect(lines).toMatch(/vni 4200/)
    expect(lines.match(/ICMP echo request/g)?.length).toBeGreaterThanOrEqual(2 * 10 * 10)
    expect(lines.match(/ARP/g)).toBeNull()
  }, 180_000)

  test('anycastGateway: each host routes for its own, and nothing of it crosses', async () => {
    const { sites, wire } = await lan(open)
    divide(sites)
    const config = vxlan({ peers, subnet, anycastGateway: true, isDefaultGateway: true, ipMasq: true })
    const seen = await capture(wire, sites[0].port, 'udp port 4789')
    const [a, b] = await Promise.all(sites.map(async site => plug(site, await site.host.container(), config)))
    for (const one of [a!, b!]) {
      expect(await pings(one.container, gateway)).toBe(true)
      expect(await pings(one.container, far.v4)).toBe(true)
    }
    expect(await pings(a!.container, b!.ip)).toBe(true)
    const macs = await Promise.all(sites.map(({ host }) => host.ip('link show dev br-blue')))
    expect(macs[0][0].address).toBe(macs[1][0].address)
    const lines = (await seen.stop()).join('\n')
    expect(lines).toMatch(/who-has 10\.60\.0\.20/)
    expect(lines).not.toMatch(/10\.60\.0\.1[^0-9]/)
  }, 60_000)

  test('gatewayHost: the one host routes for all', async () => {
    const { sites } = await lan(open)
    divide(sites)
    const config = vxlan({ peers, subnet, gatewayHost: 'host2', isDefaultGateway: true, ipMasq: true })
    // The gateway first: its bridge comes with its first container.
    const b = await plug(sites[1], await sites[1].host.container(), config)
    const a = await plug(sites[0], await sites[0].host.container(), config)
    const addresses = await Promise.all(sites.map(({ host }) => host.ip('-4 addr show dev br-blue')))
    expect(addresses.map(([link]) => link?.addr_info?.length ?? 0)).toEqual([0, 1])
    for (const one of [a, b]) expect(await pings(one.container, far.v4)).toBe(true)
  }, 60_000)

  test('two hosts that lease the same addresses are noticed', async () => {
    const { sites } = await lan(open)
    const config = vxlan({ peers, subnet })
    const a = await plug(sites[0], await sites[0].host.container(), config)
    const other = await sites[1].host.container()
    const before = await other.ip('link')
    const error = failed(await sites[1].runtime.add(other, config))
    expect(error).toMatchObject({ code: 102, msg: `cannot use ${a.ip}: ${a.mac} has it already` })
    expect(error.details).toMatch(/host\.json/)
    expect((await other.ip('link')).length).toBe(before.length)
    divide(sites)
    const b = await plug(sites[1], other, config)
    expect(await pings(b.container, a.ip)).toBe(true)
  }, 60_000)

  test('GC takes a macvlan out of a container that it does not know', async () => {
    const { sites } = await lan(open)
    const [site] = sites
    const config = {
      cniVersion: '1.1.0',
      type: 'vethwork',
      name: 'mac',
      mode: 'macvlan',
      master: 'eth1',
      subnet,
    }
    const [kept, lost] = await site.host.containers(2)
    await plug(site, kept!, config)
    await plug(site, lost!, config)
    // As if the runtime had lost its memory of it.
    expect(site.runtime.results.delete(`mac ${lost!.id} eth0`)).toBe(true)
    succeeded(await site.runtime.gc(config))
    const names = async (of: Container) =>
      (await of.ip('link')).map(({ ifname }: { ifname: string }) => ifname)
    expect(await names(kept!)).toContain('eth0')
    expect(await names(lost!)).not.toContain('eth0')
    await plug(site, lost!, config)
  }, 60_000)
})
