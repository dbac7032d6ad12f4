// Our IPAM, called by others: on its own by hand, by Debian's bridge, and as host-local, whose leases it takes over.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import type { Container, Host } from '../helpers/host.ts'
import { pings } from '../helpers/packets.ts'
import { pluginsUnderTest, referenceDir } from '../helpers/plugins.ts'
import { given, requireBuild, requireFile, requireKernel, requireRoot } from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'
import { mentions } from '../helpers/snapshot.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireKernel('bridge'),
  requireFile(`${referenceDir}/host-local`),
  requireFile(`${referenceDir}/bridge`),
)

ready('vethwork-ipam', () => {
  const config = {
    cniVersion: '1.1.0',
    name: 'web',
    type: 'another',
    fieldOfAnother: true,
    ipam: {
      type: 'vethwork-ipam',
      ranges: [[{ subnet: '10.88.0.0/29' }], [{ subnet: 'fd00:88::/64' }]],
      routes: [{ dst: '0.0.0.0/0' }],
    },
  }
  const at = (host: Host) => `${pluginsUnderTest(`${host.directory}/bin`)}/vethwork-ipam`

  test('every verb by hand', async () => {
    const { host } = await open()
    const container = await host.container()
    const call = { config, container, binary: at(host) }
    expect((await cni(host, { ...call, command: 'VERSION' })).json.supportedVersions).toContain('1.1.0')
    succeeded(await cni(host, { ...call, command: 'STATUS' }))
    expect(failed(await cni(host, { ...call, command: 'CHECK' })).code).toBe(106)

    const { json, ...added } = await cni(host, { ...call, command: 'ADD' })
    succeeded({ ...added, json })
    expect(json).toEqual({
      cniVersion: '1.1.0',
      ips: [
        { address: '10.88.0.2/29', gateway: '10.88.0.1' },
        { address: 'fd00:88::2/64', gateway: 'fd00:88::1' },
      ],
      routes: [{ dst: '0.0.0.0/0' }],
      dns: {},
    })
    expect(await container.ip('link')).toHaveLength(1)
    succeeded(await cni(host, { ...call, command: 'CHECK', prevResult: json }))
    expect(failed(await cni(host, { ...call, command: 'ADD' })).code).toBe(4)

    const { id: containerID } = container
    const gc = (valid: unknown) =>
      cni(host, { ...call, command: 'GC', config: { ...config, 'cni.dev/valid-attachments': valid } })
    expect(failed(await gc(null)).code).toBe(7)
    succeeded(await gc([{ containerID, ifname: 'eth0' }]))
    expect(mentions(host.stateDir, containerID)).not.toEqual([])
    succeeded(await gc([{ containerID, ifname: 'eth1' }]))
    expect(mentions(host.stateDir, containerID)).toEqual([])

    succeeded(await cni(host, { ...call, command: 'ADD' }))
    for (const netns of [container.path, '']) {
      const gone = await cni(host, { ...call, command: 'DEL', netns })
      succeeded(gone)
      expect(gone.stdout).toBe('')
      expect(mentions(host.stateDir, containerID)).toEqual([])
    }
  }, 30_000)

  test('STATUS says which range is exhausted', async () => {
    const { host } = await open()
    const call = { config, binary: at(host) }
    for (const container of await host.containers(5))
      succeeded(await cni(host, { ...call, command: 'ADD', container }))
    const status = failed(await cni(host, { ...call, command: 'STATUS' }))
    expect(status).toMatchObject({
      code: 50,
      msg: expect.stringMatching(/ipam\.ranges\[0\].*10\.88\.0\.1-10\.88\.0\.6/),
    })
  }, 30_000)

  test("as the IPAM of Debian's bridge", async () => {
    const { host } = await open()
    const [one, other] = await host.containers(2)
    const path = pluginsUnderTest(`${host.directory}/bin`)
    const wired = { ...config, cniVersion: '1.0.0', type: 'bridge', bridge: 'br-ref', isGateway: true }
    const call = { config: wired, path, binary: `${referenceDir}/bridge` }
    const added = []
    for (const container of [one!, other!]) {
      const ran = await cni(host, { ...call, command: 'ADD', container })
      succeeded(ran)
      added.push(ran.json)
    }
    const addresses = added.flatMap(({ ips }) => ips.map(({ address }: { address: string }) => address))
    expect(addresses).toEqual(['10.88.0.2/29', 'fd00:88::2/64', '10.88.0.3/29', 'fd00:88::3/64'])
    expect(await pings(one!, '10.88.0.3')).toBe(true)
    succeeded(await cni(host, { ...call, command: 'CHECK', container: one!, prevResult: added[0] }))
    for (const container of [one!, other!]) {
      succeeded(await cni(host, { ...call, command: 'DEL', container }))
      expect(mentions(host.stateDir, container.id)).toEqual([])
    }
  }, 60_000)
})

ready('host-local', () => {
  const configIn = (dataDir: string, more: object = {}) => ({
    cniVersion: '1.0.0',
    name: 'web',
    type: 'bridge',
    ipam: { type: 'host-local', subnet: '10.88.0.0/29', dataDir, ...more },
  })
  /** Four leases of Debian's host-local, of five that there are. */
  const leased = async (host: Host, containers: readonly Container[], config: object) => {
    const addresses: string[] = []
    for (const container of containers) {
      const ran = await cni(host, { command: 'ADD', config, container, binary: `${referenceDir}/host-local` })
      succeeded(ran)
      addresses.push(ran.json.ips[0].address)
    }
    return addresses
  }

  test('takes over the leases that the real one has left', async () => {
    const { host } = await open()
    const dataDir = join(host.directory, 'leases')
    const config = configIn(dataDir)
    const [a, b, c, d, e, f] = await host.containers(6)
    const before = await leased(host, [a!, b!, c!, d!], config)
    const call = { config, binary: `${pluginsUnderTest(`${host.directory}/bin`)}/host-local` }
    const add = (container: Container) => cni(host, { ...call, command: 'ADD', container })

    const last = await add(e!)
    succeeded(last)
    expect([...before, last.json.ips[0].address].sort()).toEqual([2, 3, 4, 5, 6].map(n => `10.88.0.${n}/29`))
    expect(failed(await add(f!))).toMatchObject({ code: 101 }) // those of the real one count
    expect(failed(await add(a!)).code).toBe(4) // and belong to whom they belonged
    for (const container of [a!, e!])
      succeeded(await cni(host, { ...call, command: 'CHECK', container, prevResult: last.json }))
    expect(readdirSync(join(dataDir, 'web')).filter(name => /^10\./.test(name))).toEqual([])

    succeeded(await cni(host, { ...call, command: 'DEL', container: c! }))
    const freed = await add(f!)
    succeeded(freed)
    expect(freed.json.ips[0].address).toBe(before[2])
    for (const container of [a!, b!, d!, e!, f!])
      succeeded(await cni(host, { ...call, command: 'DEL', container }))
    for (const { id } of [a!, b!, c!, d!, e!, f!]) expect(mentions(dataDir, id)).toEqual([])
  }, 60_000)

  test('DEL alone releases what the real one has leased', async () => {
    const { host } = await open()
    const dataDir = join(host.directory, 'leases')
    const container = await host.container()
    const config = configIn(dataDir)
    await leased(host, [container], config)
    expect(mentions(dataDir, container.id)).toHaveLength(1)
    const binary = `${pluginsUnderTest(`${host.directory}/bin`)}/host-local`
    succeeded(await cni(host, { command: 'DEL', config, container, binary }))
    expect(mentions(dataDir, container.id)).toEqual([])
  }, 30_000)

  test('fields that it does not know pass, as they do there', async () => {
    const { host } = await open()
    const container = await host.container()
    const binary = `${pluginsUnderTest(`${host.directory}/bin`)}/host-local`
    const config = configIn(join(host.directory, 'leases'), { fieldOfTomorrow: 1 })
    succeeded(await cni(host, { command: 'ADD', config, container, binary }))
  }, 30_000)
})
