// Behind another main plugin, and behind our own: the chain as libcni calls it.
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { chain, type Link, namedIn } from '../helpers/chain.ts'
import { cni } from '../helpers/cni.ts'
import { settled } from '../helpers/difference.ts'
import type { Container, Host } from '../helpers/host.ts'
import { networkName } from '../helpers/modes.ts'
import { pings } from '../helpers/packets.ts'
import { executable, referenceDir } from '../helpers/plugins.ts'
import {
  given,
  requireBuild,
  requireFile,
  requireKernel,
  requireRoot,
  requireTool,
} from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'
import { mentions, snapshot } from '../helpers/snapshot.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireFile(`${referenceDir}/bridge`),
  requireTool('nft'),
  requireTool('ping'),
  requireKernel('bridge'),
)

const gateway = '10.44.0.1'
const bridge = (host: Host, cniVersion = '1.0.0'): Link => ({
  config: {
    cniVersion,
    name: networkName,
    type: 'bridge',
    bridge: 'vwtbr0',
    isGateway: true,
    ipam: { type: 'host-local', dataDir: `${host.directory}/leases`, subnet: '10.44.0.0/24' },
  },
  binary: `${referenceDir}/bridge`,
})
const ourMain = (cniVersion = '1.1.0'): Link => ({
  config: {
    cniVersion,
    name: networkName,
    type: 'vethwork',
    mode: 'nat',
    bridge: 'vwtbr0',
    subnet: '10.44.0.0/24',
  },
  binary: executable,
})
const behind = (fields: object, cniVersion = '1.0.0'): Link => ({
  config: { cniVersion, name: networkName, type: 'vethwork', mode: 'chained', ...fields },
  binary: executable,
})
const mac = 'c2:11:22:33:44:55'
const tuning = { mtu: 1400, sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1' } }

/** All names under which we stand behind a main plugin, as podman and Kubernetes write them. */
const personalities = (host: Host, cniVersion: string): Link[] =>
  Object.entries({
    portmap: { capabilities: { portMappings: true }, snat: true },
    bandwidth: { capabilities: { bandwidth: true } },
    firewall: { backend: '' },
    tuning: { ...tuning, capabilities: { mac: true } },
    sbr: {},
  }).map(([type, more]) => ({
    config: { cniVersion, name: networkName, type, ...more },
    binary: namedIn(host.directory)(type),
  }))

const opened = async (links: (host: Host) => Link[]) => {
  const scene = await open()
  const { host } = scene
  const [resident, container] = (await host.containers(2)) as [Container, Container]
  return { ...scene, resident, container, list: chain(host, links(host)), other: chain(host, links(host)) }
}

ready('the result', () => {
  for (const version of ['0.3.0', '0.3.1', '0.4.0', '1.0.0'])
    test(`is prevResult with what was changed, ${version}`, async () => {
      const { host, container } = await opened(() => [])
      const main = chain(host, [bridge(host, version)])
      succeeded(await main.add(container))
      const { json } = await cni(host, {
        command: 'ADD',
        container,
        ...behind({ mac, mtu: 1400, dns: { domain: 'x.example' } }, version),
        prevResult: main.result!,
      })
      const before = main.result as { interfaces: object[] }
      const changed = { ...before.interfaces[2], mac }
      expect(json).toEqual({
        ...before,
        interfaces: [...before.interfaces.slice(0, 2), changed],
        dns: { domain: 'x.example' },
      })
      expect((await container.ip('link show eth0'))[0]).toMatchObject({ address: mac, mtu: 1400 })
    }, 60_000)

  test('of 1.1.0 shows the MTU, too; of another interface nothing is changed', async () => {
    const { host, container } = await opened(() => [])
    const main = chain(host, [ourMain()])
    succeeded(await main.add(container))
    const result = main.result as { interfaces: object[]; ips: object[] }
    const more = {
      ...result,
      interfaces: [...result.interfaces, { name: 'eth9', mac: 'c2:11:22:33:44:99', sandbox: container.path }],
      ips: [...result.ips, { address: '192.0.2.9/24', interface: 3 }],
    }
    const config = { ...behind({ mac, mtu: 1400, sourceRouting: true }, '1.1.0').config }
    const { json } = await cni(host, { command: 'ADD', container, config, prevResult: more })
    expect(json).toEqual({
      cniVersion: '1.1.0',
      ...more,
      interfaces: [
        ...result.interfaces.slice(0, 2),
        { ...result.interfaces[2], mac, mtu: 1400 },
        more.interfaces[3],
      ],
    })
    const sources = (await container.ip('-4 rule')).map(({ src }: { src: string }) => src)
    expect(sources).toEqual(['all', '10.44.0.2', 'all', 'all'])
  }, 60_000)
})

ready('refused, and nothing has changed', () => {
  const good = {
    interfaces: [{ name: 'eth0', sandbox: '/run/netns/x' }],
    ips: [{ address: '10.44.0.2/24', interface: 0 }],
  }
  const cases: Record<
    string,
    [call: { fields?: object; prevResult?: object; ifname?: string }, number, RegExp]
  > = {
    'without prevResult': [{}, 7, /prevResult is missing/],
    'without the interface': [{ prevResult: good, ifname: 'eth7' }, 3, /CNI_IFNAME 'eth7' does not exist/],
    'an address that is none': [
      { prevResult: { ...good, ips: [{ address: '10.44.0.2/24; reboot' }] } },
      6,
      /prevResult: ips\[0\]\.address: "10\.44\.0\.2\/24; reboot"/,
    ],
    'a route that is none': [
      { prevResult: { ...good, routes: [{ dst: 'default' }] } },
      6,
      /prevResult: routes\[0\]\.dst: "default"/,
    ],
    'addresses of its own': [
      { prevResult: good, fields: { subnet: '10.45.0.0/24' } },
      7,
      /"chained" excludes ipam/,
    ],
    'a bridge as gateway': [
      { prevResult: good, fields: { isGateway: true } },
      7,
      /"chained" excludes isGateway/,
    ],
  }
  for (const [name, [{ fields = {}, prevResult, ifname }, code, says]] of Object.entries(cases))
    test(name, async () => {
      const { host, container, remember } = await opened(() => [])
      await container.batch('link add eth0 type veth')
      const [before, inside] = [await remember(), await snapshot(container)]
      const call = { container, ifname, prevResult, ...behind({ ...tuning, mac, ...fields }) }
      const ran = await cni(host, { ...call, command: 'ADD' })
      expect(failed(ran)).toMatchObject({
        code,
        msg: expect.stringMatching(says),
        details: expect.stringMatching(/\w/),
      })
      await before.expectSame(container)
      expect(await snapshot(container)).toEqual(inside)
      // What was refused left nothing, and DEL is not stuck on it.
      succeeded(await cni(host, { ...call, command: 'DEL' }))
      await before.expectSame(container)
    }, 30_000)
})

ready('services reach what another plugin made', () => {
  test('macspoofchk behind Debian’s bridge, with the MAC address that tuning gave', async () => {
    const { host, container, list } = await opened(host => [bridge(host), behind({ macspoofchk: true, mac })])
    succeeded(await list.add(container))
    expect(await pings(container, gateway)).toBe(true)
    const set = (address: string) => container.batch(`link set eth0 address ${address}`)
    await set('c2:11:22:33:44:66')
    await host.batch('neigh flush dev vwtbr0')
    expect(await pings(container, gateway, 1)).toBe(false)
    await set(mac)
    expect(await pings(container, gateway)).toBe(true)
    succeeded(await list.del(container))
  }, 60_000)
})

/** From its own address: sbr leaves no way for what has none yet. */
const speaks = async (container: Container) => {
  const [{ addr_info }] = await container.ip('-4 addr show dev eth0')
  const from = addr_info[0].local
  return pings({ sh: (file, args = []) => container.sh(file, ['-I', from, ...args]) }, gateway)
}

const lists: Record<string, (host: Host) => Link[]> = {
  'Debian’s bridge, and all our names': host => [bridge(host), ...personalities(host, '1.0.0')],
  'vethwork, and all our names': host => [ourMain(), ...personalities(host, '1.1.0')],
  'vethwork, and vethwork again': () => [
    ourMain(),
    behind({ ...tuning, sourceRouting: true, macspoofchk: true }, '1.1.0'),
  ],
}
for (const [name, links] of Object.entries(lists))
  ready(name, () => {
    const added = async () => {
      const all = await opened(links)
      succeeded(await all.other.add(all.resident))
      expect(await speaks(all.resident)).toBe(true)
      const was = await snapshot(all.host)
      succeeded(await all.list.add(all.container, { args: `IgnoreUnknown=1;MAC=${mac}` }))
      expect(await speaks(all.container)).toBe(true)
      return { ...all, was }
    }
    // Debian's bridge lets the host remember who had the address.
    const left = name.startsWith('Debian') ? [/neighbours: 10\.44\.0\.3 /] : []
    const gone = async ({ host, container, passing, was }: Awaited<ReturnType<typeof added>>) => {
      expect(await settled(was, () => snapshot(host), { except: passing([container], left) })).toEqual([])
      expect(mentions(host.stateDir, container.id)).toEqual([])
    }

    test('ADD, CHECK, DEL backwards, and again', async () => {
      const all = await added()
      const { host, container, resident, list, other } = all
      expect((await container.ip('link show eth0'))[0]).toMatchObject({ address: mac, mtu: 1400 })
      const count = readdirSync(`${host.stateDir}/.attachments/${networkName}`).length
      expect(count).toBe(2 * list.links.filter(({ binary }) => !binary.startsWith(referenceDir)).length)
      // Debian's bridge takes its routes for gone, which sbr has moved.
      if (!name.startsWith('Debian')) succeeded(await list.check(container))
      succeeded(await list.del(container))
      await gone(all)
      succeeded(await list.del(container))
      await gone(all)
      // Of the one that stays nothing is missing.
      if (!name.startsWith('Debian')) succeeded(await other.check(resident))
      expect(await speaks(resident)).toBe(true)
    }, 120_000)

    test('DEL without prevResult and with an empty CNI_NETNS', async () => {
      const all = await added()
      succeeded(await all.list.del(all.container, { result: undefined, netns: '' }))
      // Debian's bridge takes nothing away then.
      if (name.startsWith('Debian')) await all.host.remove(all.container)
      await gone(all)
    }, 120_000)

    test('DEL when the namespace is gone', async () => {
      const all = await added()
      await all.host.remove(all.container)
      succeeded(await all.list.del(all.container))
      await gone(all)
    }, 120_000)

    test('DEL when nobody remembers', async () => {
      const all = await added()
      rmSync(all.host.stateDir, { recursive: true })
      succeeded(await all.list.del(all.container, { result: undefined }))
      await gone(all)
    }, 120_000)

    test('GC of each', async () => {
      const all = await added()
      const { host, container, resident, list } = all
      const collect = async (...containers: Container[]) => {
        const attachments = containers.map(({ id }) => ({ containerID: id, ifname: 'eth0' }))
        for (const { config, binary } of list.links)
          if (!binary.startsWith(referenceDir))
            succeeded(
              await cni(host, {
                command: 'GC',
                binary,
                path: referenceDir,
                config: { ...config, cniVersion: '1.1.0', 'cni.dev/valid-attachments': attachments },
              }),
            )
      }
      const before = await snapshot(host)
      const inside = await snapshot(container)
      await collect(container, resident)
      expect(await settled(before, () => snapshot(host), { except: all.passing([]) })).toEqual([])
      expect(await snapshot(container)).toEqual(inside)
      await host.remove(container)
      await collect(resident)
      await gone(all)
      expect(await speaks(resident)).toBe(true)
      await collect()
      expect(mentions(host.stateDir, resident.id)).toEqual([])
    }, 120_000)

    test('STATUS, with and without a container', async () => {
      const { host, container, list } = await opened(links)
      const ask = async () => {
        for (const { config, binary } of list.links)
          if (!binary.startsWith(referenceDir))
            succeeded(
              await cni(host, {
                command: 'STATUS',
                binary,
                path: referenceDir,
                config: { ...config, cniVersion: '1.1.0' },
              }),
            )
      }
      await ask()
      expect(existsSync(`${host.stateDir}/.attachments`)).toBe(false)
      succeeded(await list.add(container))
      await ask()
    }, 60_000)
  })
