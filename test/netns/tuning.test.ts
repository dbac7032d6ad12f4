// What tuning sets: on an interface of ours, on one that another plugin made, and as Debian's tuning does it.
import { rmSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { chain, namedIn } from '../helpers/chain.ts'
import { cni } from '../helpers/cni.ts'
import { difference } from '../helpers/difference.ts'
import type { Container } from '../helpers/host.ts'
import { configOf, layer2, networkName } from '../helpers/modes.ts'
import type { Netns } from '../helpers/netns.ts'
import { capture, pings } from '../helpers/packets.ts'
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
import { snapshot } from '../helpers/snapshot.ts'

const open = scenes(afterEach)
const ready = given(requireRoot(), requireBuild(), requireTool('nft'), requireKernel('bridge'))

const sysctls = {
  'net.ipv4.ip_local_port_range': '20000 30000',
  'net/ipv4/conf/IFNAME/arp_filter': '1',
  'net.ipv6.conf.IFNAME.hop_limit': '77',
  'net.ipv4.conf.IFNAME.arp_notify': '0',
}
const mac = 'c2:11:22:33:44:55'
const all = { sysctl: sysctls, mac, mtu: 1400, txQLen: 77, promisc: true, allmulti: true }

/** What tuning may change, as the kernel tells it. */
const seen = async (container: Netns, ifname = 'eth0') => {
  const [link] = await container.ip(`link show dev ${ifname}`)
  const keys = Object.keys(sysctls).map(
    key => `/proc/sys/${key.replace('IFNAME', ifname).replaceAll('.', '/')}`,
  )
  const values = (await container.ok('cat', keys)).trim().split('\n')
  return {
    mac: link.address,
    mtu: link.mtu,
    txQLen: link.txqlen,
    promisc: link.flags.includes('PROMISC'),
    allmulti: link.flags.includes('ALLMULTI'),
    sysctl: values.map(value => value.replace('\t', ' ')),
  }
}
const asAsked = { ...all, sysctl: Object.values(sysctls) }

ready('on an interface of ours', () => {
  test('each field is set, shown in the result and checked', async () => {
    const { host, runtime, add, del, remember } = await open()
    const [first, container] = (await host.containers(2)) as [Container, Container]
    const config = configOf('nat', 'dual', all)
    await add(first, { ...config, mac: undefined })
    const before = await remember()
    const { json } = await add(container, config)
    expect(json.interfaces[2]).toMatchObject({ name: 'eth0', mac, mtu: 1400 })
    expect(await seen(container)).toEqual(asAsked)
    for (const to of ['10.44.0.1', 'fd00:44::1']) expect(await pings(container, to)).toBe(true)
    succeeded(await runtime.check(container, config))
    await del(container, config)
    await before.expectSame(container)
  }, 60_000)

  const changes: Record<string, [lines: (container: Netns) => Promise<unknown>, says: RegExp]> = {
    mac: [c => c.batch('link set eth0 address c2:11:22:33:44:66'), /set eth0 address c2:11:22:33:44:55/],
    mtu: [c => c.batch('link set eth0 mtu 1300'), /set eth0 mtu 1400/],
    txQLen: [c => c.batch('link set eth0 txqueuelen 5'), /set eth0 txqueuelen 77/],
    promisc: [c => c.batch('link set eth0 promisc off'), /set eth0 promisc on/],
    allmulti: [c => c.batch('link set eth0 allmulticast off'), /set eth0 allmulticast on/],
    'a kernel parameter of the interface': [
      c => c.ok('sh', ['-c', 'echo 0 >/proc/sys/net/ipv4/conf/eth0/arp_filter']),
      /set net\.ipv4\.conf\.eth0\.arp_filter to 1/,
    ],
    'a kernel parameter of the container': [
      c => c.ok('sh', ['-c', 'echo 1024 2048 >/proc/sys/net/ipv4/ip_local_port_range']),
      /set net\.ipv4\.ip_local_port_range to 20000 30000/,
    ],
  }
  for (const [name, [change, says]] of Object.entries(changes))
    test(`CHECK notices: ${name}`, async () => {
      const { host, runtime, add } = await open()
      const container = await host.container()
      const config = configOf('nat', 'dual', all)
      await add(container, config)
      await change(container)
      expect(failed(await runtime.check(container, config))).toMatchObject({
        code: 106,
        msg: expect.stringMatching(says),
      })
    }, 60_000)

  test('what a container asks for goes above the configuration', async () => {
    const { host, add } = await open()
    const container = await host.container()
    const config = { ...configOf('nat', 'v4', all), runtimeConfig: { mac: 'C2:11:22:33:44:77' } }
    expect((await add(container, config)).json.interfaces[2].mac).toBe('c2:11:22:33:44:77')
  }, 60_000)

  test('what cannot be set is refused, and nothing is left', async () => {
    const { host, runtime, remember } = await open()
    const container = await host.container()
    const [before, inside] = [await remember(), await snapshot(container)]
    const cases: [object, number, RegExp][] = [
      [{ 'net.ipv4.nonsense': '1' }, 2, /sysctl: there is no net\.ipv4\.nonsense in the container/],
      [
        { 'net.ipv4.ip_local_port_range': '10 x' },
        100,
        /net\.ipv4\.ip_local_port_range to 10 x: .*Invalid argument/,
      ],
      [{ 'net.ipv4.conf.IFNAME.nonsense': '1' }, 100, /net\.ipv4\.conf\.eth0\.nonsense/],
      [
        { 'net.ipv4.ip_local_port_range': '20000 30000', 'net.ipv4.conf.IFNAME.arp_filter': 'x' },
        100,
        /arp_filter to x/,
      ],
    ]
    for (const [sysctl, code, says] of cases) {
      const ran = await runtime.add(container, { ...layer2, sysctl })
      expect(failed(ran)).toMatchObject({ code, msg: expect.stringMatching(says) })
      await before.expectSame(container)
      expect(difference(inside, await snapshot(container), /lo\b|0\.0\.0\.0\/|127\.0\.0\.1|::1/)).toEqual([])
    }
  }, 60_000)
})

given(
  requireRoot(),
  requireBuild(),
  requireTool('unshare'),
)('an allow list of the host', () => {
  const attempt = async (list: string, sysctl: object) => {
    const { host } = await open()
    const container = await host.container()
    writeFileSync(`${host.directory}/allowlist.conf`, list)
    const script = `mount -t tmpfs tmpfs /etc/cni && mkdir /etc/cni/tuning &&
      cp ${host.directory}/allowlist.conf /etc/cni/tuning && exec ${executable}`
    const sh: typeof host.sh = (_, __, options) =>
      host.sh('unshare', ['-m', 'sh', '-ec', `mkdir -p /etc/cni; ${script}`], options)
    const place = { sh, stateDir: host.stateDir }
    return cni(place, { command: 'ADD', container, config: { ...layer2, sysctl } })
  }

  test('lets pass what a line matches', async () => {
    succeeded(
      await attempt('^net\\.ipv4\\.conf\\.IFNAME\\.[a-z_]*$\n', { 'net/ipv4/conf/IFNAME/arp_filter': '1' }),
    )
  }, 30_000)

  test('refuses all else', async () => {
    const ran = await attempt('^net\\.ipv4\\.conf\\.IFNAME\\.[a-z_]*$\n', { 'net.ipv4.ip_forward': '1' })
    expect(failed(ran)).toMatchObject({
      code: 2,
      msg: expect.stringContaining('"net.ipv4.ip_forward" is not allowed'),
    })
  }, 30_000)
})

const reference = given(
  requireRoot(),
  requireBuild(),
  requireFile(`${referenceDir}/tuning`),
  requireKernel('macvlan'),
  requireTool('tcpdump'),
)

/** A host with a LAN at eth1, and the reference macvlan: an interface that tuning's DEL does not end. */
const prepared = async (plugin: (directory: string) => string, fields: object, cniVersion = '1.0.0') => {
  const opened = await open()
  const { host } = opened
  const container = await host.container()
  await host.batch(
    'link add eth1 address 02:00:00:00:01:01 type veth peer name far1',
    'link set eth1 up',
    'link set far1 up',
  )
  const common = { cniVersion, name: networkName }
  const ipam = { type: 'host-local', dataDir: `${host.directory}/leases`, subnet: '10.99.0.0/24' }
  const main = {
    config: { ...common, type: 'macvlan', master: 'eth1', ipam },
    binary: `${referenceDir}/macvlan`,
  }
  const own = {
    config: { ...common, type: 'tuning', dataDir: `${host.directory}/tuning`, ...fields },
    binary: plugin(host.directory),
  }
  const first = chain(host, [main])
  succeeded(await first.add(container))
  return { ...opened, container, main, own, made: first.result! }
}
const ours = (directory: string) => namedIn(directory)('tuning')
const theirs = () => `${referenceDir}/tuning`

reference('on an interface of the reference macvlan', () => {
  const cases: Record<string, object> = {
    nothing: {},
    mac: { mac },
    mtu: { mtu: 1400 },
    promisc: { promisc: true },
    'allmulti on': { allmulti: true },
    'allmulti off': { allmulti: false },
    sysctl: {
      sysctl: { 'net.ipv4.ip_local_port_range': '20000 30000', 'net.ipv6.conf.eth0.hop_limit': '77' },
    },
    'sysctl of the interface, by its placeholder': { sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1' } },
    'sysctl of the host': { sysctl: { 'kernel.hostname': 'x' } },
    'sysctl beyond net': { sysctl: { 'net/../kernel/hostname': 'x' } },
    'MAC in args.cni': { args: { cni: { mac } } },
    'mtu and sysctl in args.cni': {
      sysctl: { 'net.ipv4.ip_local_port_range': '20000 30000' },
      args: { cni: { mtu: 1400, sysctl: { 'net.ipv6.conf.eth0.hop_limit': '77' } } },
    },
    'MAC in runtimeConfig': { runtimeConfig: { mac }, capabilities: { mac: true } },
    everything: { mac, mtu: 1400, promisc: true, allmulti: true },
  }
  const experience = async (plugin: typeof ours, fields: object, cniVersion: string) => {
    const { host, container, own, made } = await prepared(plugin, fields, cniVersion)
    const untouched = await seen(container)
    const call = { container, binary: own.binary, path: referenceDir, prevResult: made }
    const added = await cni(host, { ...call, command: 'ADD', config: own.config })
    const during = await seen(container)
    const again = added.exitCode === 0 ? { ...call, prevResult: added.json } : call
    const checked =
      added.exitCode === 0 && (await cni(host, { ...again, command: 'CHECK', config: own.config }))
    const deleted = await cni(host, { ...again, command: 'DEL', config: own.config })
    const twice = await cni(host, { ...again, command: 'DEL', config: own.config })
    return {
      added: { exitCode: added.exitCode, result: added.exitCode === 0 ? alike(added.json, container) : '' },
      during: alike(during, container, untouched.mac),
      checked: checked ? checked.exitCode : undefined,
      deleted: [deleted.exitCode, twice.exitCode],
      // The reference sets back no kernel parameter; ours those of the interface, see below.
      after: alike({ ...(await seen(container)), sysctl: [] }, container, untouched.mac),
    }
  }
  /** The MAC address that the kernel gave and the container's path, made alike. */
  const alike = (value: unknown, { path }: Netns, own?: string) =>
    JSON.parse(
      JSON.stringify(value)
        .replaceAll(path, 'NETNS')
        .replaceAll(own ?? /(?!c2:11)[0-9a-f]{2}(:[0-9a-f]{2}){5}/g, 'MAC'),
    )
  for (const [name, fields] of Object.entries(cases))
    test(`as Debian's tuning: ${name}`, async () => {
      const [one, other] = await Promise.all([
        experience(ours, fields, '1.0.0'),
        experience(theirs, fields, '1.0.0'),
      ])
      // The reference's CHECK looks for a file that is called IFNAME, and trips over the kernel's tab between numbers.
      if (name.includes('sysctl')) other.checked &&= one.checked
      expect(one.checked ?? 0).toBe(0)
      expect(one).toEqual(other)
    }, 60_000)

  test('a frame leaves with the new MAC, and with the old one after DEL', async () => {
    const { host, container, own, made } = await prepared(ours, { mac })
    const [{ address: old }] = await container.ip('link show dev eth0')
    const call = { container, binary: own.binary, path: referenceDir, config: own.config, prevResult: made }
    const sources = async () => {
      const ear = await capture(host, 'far1', 'arp and arp[24:4] == 0x0a630063')
      await container.sh('ping', ['-n', '-c1', '-W1', '10.99.0.99'])
      return (await ear.stop()).map(line => line.split(' ')[1])
    }
    succeeded(await cni(host, { ...call, command: 'ADD' }))
    expect(new Set(await sources())).toEqual(new Set([mac]))
    succeeded(await cni(host, { ...call, command: 'DEL' }))
    await container.batch('neigh flush all')
    expect(new Set(await sources())).toEqual(new Set([old]))
  }, 60_000)

  /** DEL, when this and that is gone. */
  const restored = async (
    before: (all: Awaited<ReturnType<typeof prepared>>) => unknown,
    more: object,
    fields: object = all,
  ) => {
    const opened = await prepared(ours, fields)
    const { host, container, own, made } = opened
    const was = await seen(container)
    const call = { container, binary: own.binary, path: referenceDir, config: own.config }
    succeeded(await cni(host, { ...call, command: 'ADD', prevResult: made }))
    expect(await seen(container)).toEqual({ ...asAsked })
    await before(opened)
    succeeded(await cni(host, { ...call, command: 'DEL', ...more }))
    return { ...opened, was }
  }
  // Those of the container, not of its interface, stay, as with the reference.
  const exceptTheContainers = <T extends { sysctl: string[] }>({ sysctl, ...rest }: T) => ({
    ...rest,
    sysctl: sysctl.slice(1),
  })
  test('DEL with an empty CNI_NETNS, and without prevResult', async () => {
    const { container, was } = await restored(() => {}, { netns: '' })
    expect(exceptTheContainers(await seen(container))).toEqual(exceptTheContainers(was))
  }, 60_000)

  test('DEL with the namespace of another container touches nothing there', async () => {
    const stranger: { netns?: Container } = {}
    const { container, was } = await restored(
      async ({ host }) => {
        stranger.netns = await host.container()
        await stranger.netns.batch('link add eth0 type veth', 'link set eth0 mtu 1334')
      },
      {
        get netns() {
          return stranger.netns!.path
        },
      },
    )
    expect((await seen(stranger.netns!)).mtu).toBe(1334)
    // Where it really was is remembered.
    expect(exceptTheContainers(await seen(container))).toEqual(exceptTheContainers(was))
  }, 60_000)

  test('DEL without a record', async () => {
    const { container } = await restored(({ host }) => rmSync(host.stateDir, { recursive: true }), {})
    // Nobody knows what was there.
    expect(await seen(container)).toEqual(asAsked)
  }, 60_000)

  test('DEL when the interface, or the namespace, is gone', async () => {
    await restored(({ container }) => container.batch('link del eth0'), {})
    await restored(({ host, container }) => host.remove(container), {})
  }, 60_000)

  test('ADD that fails sets back what it did', async () => {
    const { host, container, own, made } = await prepared(ours, {
      ...all,
      sysctl: { ...sysctls, 'net.ipv6.conf.IFNAME.hop_limit': 'x' },
    })
    const was = await seen(container)
    const call = { container, binary: own.binary, path: referenceDir, config: own.config, prevResult: made }
    expect(failed(await cni(host, { ...call, command: 'ADD' }))).toMatchObject({
      code: 100,
      msg: expect.stringMatching(/hop_limit to x/),
    })
    expect(await seen(container)).toEqual(was)
  }, 60_000)

  test('ADD a second time remembers what was there before the first', async () => {
    const { host, container, own, made } = await prepared(ours, all)
    const was = await seen(container)
    const call = { container, binary: own.binary, path: referenceDir, config: own.config, prevResult: made }
    for (const command of ['ADD', 'ADD', 'DEL']) succeeded(await cni(host, { ...call, command }))
    expect(exceptTheContainers(await seen(container))).toEqual(exceptTheContainers(was))
  }, 60_000)

  test('GC takes a stale one, and leaves a valid one alone', async () => {
    const { host, container, own, made } = await prepared(ours, { ...all, sysctl: {} }, '1.0.0')
    const was = await seen(container)
    const call = { binary: own.binary, path: referenceDir }
    succeeded(await cni(host, { ...call, command: 'ADD', container, config: own.config, prevResult: made }))
    const tuned = await seen(container)
    const gc = (valid: object[]) =>
      cni(host, {
        ...call,
        command: 'GC',
        config: { ...own.config, cniVersion: '1.1.0', 'cni.dev/valid-attachments': valid },
      })
    succeeded(await gc([{ containerID: container.id, ifname: 'eth0' }]))
    expect(await seen(container)).toEqual(tuned)
    succeeded(await gc([]))
    expect(await seen(container)).toEqual(was)
  }, 60_000)
})
