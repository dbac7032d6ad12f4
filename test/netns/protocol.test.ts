// The protocol as the specification has it: what each verb needs, what it prints, in each version.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Call, cni, type Verb } from '../helpers/cni.ts'
import { type Container, type Host, testHost } from '../helpers/host.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, succeeded } from '../helpers/scene.ts'

let host: Host
let container: Container
beforeAll(async () => {
  host = await testHost()
  container = await host.container()
}, 30_000)
afterAll(async () => {
  await host?.dispose()
}, 60_000)

const versions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const
const ranges = [[{ subnet: '10.44.0.0/24' }], [{ subnet: 'fd00:44::/64' }]]
const config = {
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: 'web',
  mode: 'nat',
  ipam: { type: 'vethwork-ipam', ranges, routes: [{ dst: '192.0.2.0/24', mtu: 1400 }] },
  dns: { nameservers: ['10.44.0.1'] },
}
const call = (command: Verb, more: Partial<Call> = {}) => cni(host, { command, config, container, ...more })
const ready = given(requireRoot(), requireBuild(), requireTool('nft'), requireKernel('bridge'))

ready('VERSION', () => {
  const cases: Record<string, { config: string; answers: string }> = {
    'empty stdin': { config: '', answers: '1.1.0' },
    'no cniVersion': { config: '{}', answers: '1.1.0' },
    'a version of the future': { config: '{"cniVersion": "2.0.0"}', answers: '1.1.0' },
    ...Object.fromEntries(
      versions.map(one => [one, { config: JSON.stringify({ cniVersion: one }), answers: one }]),
    ),
  }
  for (const [name, { config, answers }] of Object.entries(cases))
    test(`${name}, and podman's CNI_NETNS=dummy`, async () => {
      const env = { CNI_NETNS: 'dummy', CNI_IFNAME: 'dummy', CNI_CONTAINERID: 'dummy', CNI_PATH: 'dummy' }
      const ran = await call('VERSION', { config, env })
      succeeded(ran)
      expect(ran.json).toEqual({ cniVersion: answers, supportedVersions: versions })
    }, 20_000)
})

ready('the environment', () => {
  const all = ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH']
  const needed: Record<string, readonly string[]> = {
    ADD: all,
    CHECK: all,
    DEL: ['CNI_CONTAINERID', 'CNI_IFNAME', 'CNI_PATH'],
    GC: ['CNI_PATH'],
    STATUS: [],
    VERSION: [],
  }
  const given = { ...config, 'cni.dev/valid-attachments': [] }
  for (const [verb, needs] of Object.entries(needed)) {
    for (const missing of needs)
      test(`${verb} without ${missing}`, async () => {
        const ran = await call(verb as Verb, { config: given, env: { [missing]: undefined } })
        expect(failed(ran)).toMatchObject({ code: 4, msg: `${missing} is missing: ${verb} needs it` })
      }, 20_000)

    const rest = all.filter(one => !needs.includes(one))
    if (rest.length)
      test(`${verb} does not need ${rest.join(', ')}`, async () => {
        const env = Object.fromEntries(rest.map(one => [one, undefined]))
        succeeded(await call(verb as Verb, { config: given, env }))
      }, 20_000)
  }
})

ready('versions', () => {
  const tooOld: [Verb, readonly string[]][] = [
    ['CHECK', ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '']],
    ['GC', ['0.4.0', '1.0.0']],
    ['STATUS', ['0.4.0', '1.0.0']],
  ]
  for (const [verb, old] of tooOld)
    for (const cniVersion of old)
      test(`${cniVersion || 'none'} has no ${verb}`, async () => {
        const ran = await call(verb, { config: { ...config, cniVersion, 'cni.dev/valid-attachments': [] } })
        expect(failed(ran)).toMatchObject({ code: 1, msg: expect.stringContaining(verb) })
      }, 20_000)

  for (const cniVersion of ['0.5.0', '1.2.0', '1.1', 'v1.1.0', '1.1.0 '])
    test(`${JSON.stringify(cniVersion)} is not supported`, async () => {
      const error = failed(await call('ADD', { config: { ...config, cniVersion } }))
      expect(error).toMatchObject({ cniVersion: '1.1.0', code: 1, details: expect.stringContaining('0.3.1') })
    }, 20_000)

  test('an error speaks the version of its caller', async () => {
    for (const cniVersion of versions)
      expect(failed(await call('ADD', { config: { ...config, cniVersion, mtu: -1 } }))).toMatchObject({
        cniVersion,
      })
  }, 30_000)
})

ready('results', () => {
  const name = expect.stringMatching(/^[\w.-]{1,15}$/)
  const mac = expect.stringMatching(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
  const v4 = { address: '10.44.0.2/24', gateway: '10.44.0.1' }
  const v6 = { address: 'fd00:44::2/64', gateway: 'fd00:44::1' }
  const dns = { nameservers: ['10.44.0.1'] }
  const asked = { dst: '192.0.2.0/24' }
  const routes = { 4: { dst: '0.0.0.0/0', gw: v4.gateway }, 6: { dst: '::/0', gw: v6.gateway } }

  const shapeOf = (cniVersion: string): object => {
    if (cniVersion < '0.3.0')
      return {
        cniVersion,
        ip4: { ip: v4.address, gateway: v4.gateway, routes: [asked, routes[4]] },
        ip6: { ip: v6.address, gateway: v6.gateway, routes: [routes[6]] },
        dns,
      }
    const mtu = cniVersion >= '1.1.0' ? { mtu: 1500 } : {}
    const version = (text: string) => (cniVersion < '1.0.0' ? { version: text } : {})
    return {
      cniVersion,
      interfaces: [
        { name: 'br-web', mac, ...mtu },
        { name, mac, ...mtu },
        { name: 'eth0', mac, ...mtu, sandbox: container.path },
      ],
      ips: [
        { ...version('4'), ...v4, interface: 2 },
        { ...version('6'), ...v6, interface: 2 },
      ],
      routes: [cniVersion >= '1.1.0' ? { ...asked, mtu: 1400 } : asked, routes[4], routes[6]],
      dns,
    }
  }

  for (const cniVersion of versions)
    test(`of ${cniVersion}`, async () => {
      const fresh = {
        ...config,
        cniVersion,
        ipam: { ...config.ipam, dataDir: `${host.directory}/v${cniVersion}` },
      }
      const ran = await call('ADD', { config: fresh })
      succeeded(ran)
      expect(ran.json).toEqual(shapeOf(cniVersion))
      // What ADD said is what the kernel has.
      const [link] = await container.ip('-d link show dev eth0')
      if (ran.json.interfaces) expect(ran.json.interfaces[2].mac).toBe(link.address)
      for (const verb of cniVersion >= '0.4.0' ? (['CHECK', 'DEL'] as const) : (['DEL'] as const)) {
        const after = await call(verb, { config: fresh, prevResult: ran.json })
        succeeded(after)
        expect(after.stdout).toBe('')
      }
    }, 30_000)

  test('no cniVersion: as 0.1.0', async () => {
    const { cniVersion: _, ...unversioned } = config
    const fresh = { ...unversioned, ipam: { ...config.ipam, dataDir: `${host.directory}/none` } }
    const ran = await call('ADD', { config: fresh })
    expect(ran.json).toEqual(shapeOf('0.1.0'))
    succeeded(await call('DEL', { config: fresh }))
  }, 30_000)

  test('a chain: what was there stays, ours is added', async () => {
    const before = {
      cniVersion: '1.1.0',
      interfaces: [{ name: 'net1', mac: '02:00:00:00:00:09', sandbox: container.path }],
      ips: [{ address: '203.0.113.7/24', gateway: '203.0.113.1', interface: 0 }],
      routes: [{ dst: '203.0.113.128/25' }],
      dns: { nameservers: ['203.0.113.53'] },
    }
    const { dns: _, ...silent } = config
    const { json, ...ran } = await call('ADD', { config: silent, prevResult: before })
    succeeded({ ...ran, json })
    expect(json.interfaces.map((one: { name: string }) => one.name)).toEqual(['net1', 'br-web', name, 'eth0'])
    expect(json.interfaces[0]).toEqual(before.interfaces[0])
    expect(json.ips).toEqual([
      before.ips[0],
      expect.objectContaining({ interface: 3 }),
      expect.objectContaining({ interface: 3 }),
    ])
    expect(json.routes[0]).toEqual(before.routes[0])
    expect(json.dns).toEqual(before.dns)
    succeeded(await call('CHECK', { config: silent, prevResult: json }))
    succeeded(await call('DEL', { config: silent, prevResult: json }))
  }, 30_000)
})

ready('runtimeConfig', () => {
  const cases: Record<string, { runtimeConfig: object; ips?: string[]; mac?: string }> = {
    "containerd's flat ipRanges": {
      runtimeConfig: {
        IpRanges: [{ Subnet: '10.46.0.0/24', RangeStart: '10.46.0.9', RangeEnd: '', Gateway: '' }],
      },
      ips: ['10.46.0.9/24', '10.44.0.2/24', 'fd00:44::2/64'],
    },
    'nested ipRanges': {
      runtimeConfig: { ipRanges: [[{ subnet: '10.46.0.0/24', gateway: null }]] },
      ips: ['10.46.0.2/24', '10.44.0.2/24', 'fd00:44::2/64'],
    },
    'Ips and Mac': {
      runtimeConfig: { Ips: ['10.44.0.77', 'fd00:44::77/64'], Mac: 'C2:11:22:33:44:55' },
      ips: ['10.44.0.77/24', 'fd00:44::77/64'],
      mac: 'c2:11:22:33:44:55',
    },
    'nulls everywhere': {
      runtimeConfig: { ips: null, mac: null, ipRanges: null, portMappings: null, dns: null },
    },
    'the keys as containerd writes them': {
      runtimeConfig: {
        PortMappings: [{ HostPort: 8080, ContainerPort: 80, Protocol: 'TCP' }],
        Bandwidth: { IngressRate: 1_000_000_000, IngressBurst: 4294967295 },
        Dns: { Servers: ['192.0.2.53'] },
        'io.kubernetes.cri.pod-annotations': { a: 'b' },
      },
    },
  }
  for (const [name, { runtimeConfig, ips, mac }] of Object.entries(cases))
    test(name, async () => {
      const dataDir = `${host.directory}/${name.replace(/\W/g, '')}`
      const fresh = { ...config, runtimeConfig, ipam: { ...config.ipam, dataDir }, bridge: 'br-rt' }
      const { json, ...ran } = await call('ADD', { config: fresh })
      succeeded({ ...ran, json })
      const got = json.ips.map(({ address }: { address: string }) => address)
      expect(got).toEqual(ips ?? ['10.44.0.2/24', 'fd00:44::2/64'])
      if (mac) expect((await container.ip('link show eth0'))[0].address).toBe(mac)
      succeeded(await call('DEL', { config: fresh }))
      await host.batch('link del br-rt') // its addresses are others' in the next case
    }, 30_000)
})
