// Addresses from other plugins: Debian's host-local, static and dhcp.
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import type { Host } from '../helpers/host.ts'
import { pings } from '../helpers/packets.ts'
import { referenceDir } from '../helpers/plugins.ts'
import {
  given,
  requireBuild,
  requireFile,
  requireKernel,
  requireRoot,
  requireTool,
} from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'
import { start } from '../helpers/service.ts'

const open = scenes(afterEach)

const network = { cniVersion: '1.0.0', type: 'vethwork', name: 'web', bridge: 'br-web', isGateway: true }

/** Files of the real host-local that are leases. */
const leasesIn = (directory: string) =>
  existsSync(directory) ? readdirSync(directory).filter(name => /^[0-9]+\./.test(name)) : []

const ready = given(
  requireRoot(),
  requireBuild(),
  requireKernel('bridge'),
  requireFile(`${referenceDir}/host-local`),
  requireFile(`${referenceDir}/dhcp`),
  requireTool('busybox'),
)

ready('the real host-local', () => {
  const config = (host: Host) => ({
    ...network,
    ipam: { type: 'host-local', subnet: '10.88.0.0/24', dataDir: `${host.directory}/leases` },
  })

  test('ADD, CHECK, DEL', async () => {
    const { host, add, del, remember, runtime } = await open()
    const [one, other] = await host.containers(2)
    const call = { env: { CNI_PATH: referenceDir } }
    const { json } = await add(one!, config(host), call)
    expect(json.ips).toEqual([{ address: '10.88.0.2/24', gateway: '10.88.0.1', interface: 2 }])
    const before = await remember()
    await add(other!, config(host), call)
    expect(leasesIn(`${host.directory}/leases/web`)).toEqual(['10.88.0.2', '10.88.0.3'])
    expect(await pings(one!, '10.88.0.3')).toBe(true)
    succeeded(await runtime.check(other!, config(host), call))
    await del(other!, config(host), call)
    await before.expectSame(other!)
    expect(leasesIn(`${host.directory}/leases/web`)).toEqual(['10.88.0.2'])
  }, 60_000)

  test('CHECK notices that host-local has lost the lease', async () => {
    const { host, add, runtime } = await open()
    const one = await host.container()
    const call = { env: { CNI_PATH: referenceDir } }
    await add(one, config(host), call)
    await host.ok('rm', [`${host.directory}/leases/web/10.88.0.2`])
    expect(failed(await runtime.check(one, config(host), call)).msg).toMatch(/'host-local', CHECK/)
  }, 60_000)

  test('it gets DEL when a later step of ADD fails', async () => {
    const { host, add } = await open()
    const [one, other] = await host.containers(2)
    await add(one!, config(host), { env: { CNI_PATH: referenceDir } })
    await other!.batch('link add eth0 type bridge')
    const call = { command: 'ADD', config: config(host), container: other!, env: { CNI_PATH: referenceDir } }
    expect(failed(await cni(host, call)).code).toBe(103)
    expect(leasesIn(`${host.directory}/leases/web`)).toEqual(['10.88.0.2'])
  }, 60_000)

  test('STATUS and GC, which it does not know, are not asked of it', async () => {
    const { host, add } = await open()
    const one = await host.container()
    await add(one, config(host), { env: { CNI_PATH: referenceDir } })
    const newest = { ...config(host), cniVersion: '1.1.0' }
    const call = { env: { CNI_PATH: referenceDir } }
    succeeded(await cni(host, { ...call, command: 'STATUS', config: newest }))
    const none = { ...newest, 'cni.dev/valid-attachments': [] }
    succeeded(await cni(host, { ...call, command: 'GC', config: none }))
    expect(await one.ip('link')).toHaveLength(1)
  }, 60_000)

  test('a version of the specification that it does not know: its own words', async () => {
    const { host } = await open()
    const container = await host.container()
    const newest = { ...config(host), cniVersion: '1.1.0' }
    const ran = await cni(host, {
      command: 'ADD',
      config: newest,
      container,
      env: { CNI_PATH: referenceDir },
    })
    expect(failed(ran)).toMatchObject({ code: 1, msg: expect.stringMatching(/'host-local', ADD: .*version/) })
  }, 60_000)
})

ready('the real static', () => {
  test('addresses and routes of both families', async () => {
    const { host, add, del, remember, runtime } = await open()
    const [one, other] = await host.containers(2)
    const config = (last: number) => ({
      ...network,
      ipam: {
        type: 'static',
        addresses: [
          { address: `10.88.0.${last}/24`, gateway: '10.88.0.1' },
          { address: `fd00:88::${last}/64`, gateway: 'fd00:88::1' },
        ],
        routes: [{ dst: '192.0.2.0/24' }, { dst: '::/0', gw: 'fd00:88::1' }],
        dns: { nameservers: ['192.0.2.53'] },
      },
    })
    const call = { env: { CNI_PATH: referenceDir } }
    await add(one!, config(7), call)
    const before = await remember()
    const { json } = await add(other!, config(8), call)
    expect(json.dns).toEqual({ nameservers: ['192.0.2.53'] })
    const routes = [...(await other!.ip('-4 route')), ...(await other!.ip('-6 route'))]
    expect(routes).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ dst: '192.0.2.0/24', gateway: '10.88.0.1' }),
        expect.objectContaining({ dst: 'default', gateway: 'fd00:88::1' }),
      ]),
    )
    expect(await pings(other!, '10.88.0.7')).toBe(true)
    expect(await pings(other!, 'fd00:88::7')).toBe(true)
    succeeded(await runtime.check(other!, config(8), call))
    await del(other!, config(8), call)
    await before.expectSame(other!)
  }, 60_000)
})

ready('the real dhcp', () => {
  test('a lease over the bridge, released by DEL', async () => {
    const { host, add, del, runtime } = await open()
    const [container, server] = await host.containers(2)
    // A DHCP server on the bridge, as on a physical network.
    await host.batch(
      'link add br-web type bridge',
      `link add port0 master br-web up type veth peer name eth0 netns ${server!.path}`,
      'link set br-web up',
    )
    await server!.batch('link set lo up', 'addr add 10.88.0.1/24 dev eth0', 'link set eth0 up')
    const conf = join(host.directory, 'udhcpd.conf')
    const offers = ['start 10.88.0.100', 'end 10.88.0.100', 'interface eth0', 'lease_file /dev/null']
    writeFileSync(conf, [...offers, 'option subnet 255.255.255.0', 'option router 10.88.0.1', ''].join('\n'))
    const dhcpd = await start(server!, 'busybox', ['udhcpd', '-f', conf], /started/)
    const socket = join(host.directory, 'dhcp.sock')
    const daemon = await start(
      host,
      'sh',
      [
        '-c',
        `${referenceDir}/dhcp daemon -socketpath ${socket} & trap "kill $!" TERM; while [ ! -S ${socket} ]; do sleep 0.02; done; echo ready; wait`,
      ],
      /ready/,
    )
    try {
      const config = {
        ...network,
        isGateway: false,
        ipam: { type: 'dhcp', daemonSocketPath: socket },
      }
      const call = { env: { CNI_PATH: referenceDir } }
      const { json } = await add(container!, config, call)
      expect(json.ips).toEqual([{ address: '10.88.0.100/24', gateway: '10.88.0.1', interface: 2 }])
      expect(await pings(container!, '10.88.0.1')).toBe(true)
      succeeded(await runtime.check(container!, config, call))
      await del(container!, config, call)
      expect(await container!.ip('link')).toHaveLength(1)
      // The only address of the pool is free again, so DEL has reached the daemon in time.
      await add(container!, config, call)
      await del(container!, config, call)
    } finally {
      await daemon.stop()
      await dhcpd.stop()
    }
  }, 90_000)

  test('its daemon does not run: the cable is taken away again', async () => {
    const { host } = await open()
    const container = await host.container()
    const config = { ...network, ipam: { type: 'dhcp', daemonSocketPath: `${host.directory}/nobody` } }
    const env = { CNI_PATH: referenceDir }
    const ran = await cni(host, { command: 'ADD', config, container, env })
    expect(failed(ran).msg).toMatch(/'dhcp', ADD: .*nobody/)
    expect(await container.ip('link')).toHaveLength(1)
    expect(await host.ip('link show type veth')).toEqual([])
  }, 30_000)
})
