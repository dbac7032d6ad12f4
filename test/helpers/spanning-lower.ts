/** Containers whose interface is made on another one, without a bridge: in their own namespace, and as the reference's. */
import { mkdirSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect } from '@jest/globals'
import { type CniRan, cni } from './cni.ts'
import type { Container } from './host.ts'
import { lan, type Site } from './hosts.ts'
import { capture, pings } from './packets.ts'
import { executable, referenceDir } from './plugins.ts'
import { failed, succeeded } from './scene.ts'
import type { Open } from './spanning.ts'
import { linkFacts, stable } from './stable.ts'

/** Somebody on another host who answers; by default the host itself. */
type Answers = (other: Site, site: Site) => Promise<string>
const itself: Answers = async ({ v4 }) => v4

/** On the other host's VLAN 7, and nowhere else. */
export const inVlan7: Answers = async ({ host }) => {
  await host.batch(
    'link add eth1.7 link eth1 up type vlan id 7',
    'addr add 192.0.2.200/32 dev eth1.7',
    'route add 192.0.2.100/32 dev eth1.7 src 192.0.2.200',
  )
  return '192.0.2.200'
}

/** Who is routed for does not answer ARP: the other host is told. */
export const knowingTheWay: Answers = async (other, { host }) => {
  const [{ address }] = await host.ip('link show dev eth1')
  await other.host.batch(`neigh replace 192.0.2.100 lladdr ${address} dev eth1 nud permanent`)
  return other.v4
}

const range = { subnet: '192.0.2.0/24', rangeStart: '192.0.2.100', rangeEnd: '192.0.2.110' }

/** `master` is in the container's namespace: packets go out by it, and DEL takes away what was made on it, no more. */
export const worksOnItsOwnMaster = async (open: Open, fields: object, answers = itself) => {
  const { sites, wire } = await lan(open)
  const [site, other] = sites
  const container = await site.host.container()
  await wire.batch(
    `link add p9 master sw0 up type veth peer name nic0 address 02:00:00:00:01:09 netns ${container.name}`,
    'link set p9 up',
  )
  await container.batch('link set nic0 up')
  const before = await linksOf(container)
  const config = {
    cniVersion: '1.1.0',
    type: 'vethwork',
    name: 'net-a',
    master: 'nic0',
    linkInContainer: true,
    ipam: { type: 'vethwork-ipam', ranges: [[range]] },
    ...fields,
  }
  const { json } = await site.add(container, config)
  const [{ address: mac }] = await container.ip('link show dev eth0')
  expect(json.interfaces).toEqual([{ name: 'eth0', mac, mtu: 1500, sandbox: container.path }])
  const seen = await capture(wire, 'p9', 'icmp or vlan')
  expect(await pings(container, await answers(other, site))).toBe(true)
  expect((await seen.stop()).join('\n')).toMatch(/192\.0\.2\.100 > \S+ ICMP echo request/)
  succeeded(await site.runtime.check(container, config))
  const absent = { ...config, name: 'net-b', master: 'eth1' }
  expect(failed(await site.runtime.add(container, absent, { ifname: 'net1' })).msg).toMatch(
    /'eth1' does not exist/,
  )
  await site.del(container, config)
  expect(await linksOf(container)).toEqual(before)
}

/** Called by the name of a reference plugin, with its own configuration: what is made, said and reached is the same. */
export const isAsTheReference = async (
  open: Open,
  config: Readonly<Record<string, unknown>> & { readonly type: string },
  answers = itself,
) => {
  const { sites } = await lan(open)
  const [site, other] = sites
  const to = await answers(other, site)
  const names = join(site.host.directory, 'names')
  mkdirSync(names)
  for (const name of [config.type, 'host-local']) symlinkSync(executable, join(names, name))
  const whole = (leases: string) => ({
    cniVersion: '1.0.0',
    name: 'compared',
    master: 'eth1',
    ...config,
    ipam: {
      type: 'host-local',
      ranges: [[range], [{ subnet: '2001:db8::/64', rangeStart: '2001:db8::100' }]],
      routes: [{ dst: '0.0.0.0/0', gw: '192.0.2.254' }],
      dataDir: join(site.host.directory, leases),
    },
  })
  const experienced = async (path: string) => {
    const container = await site.host.container()
    const call = { config: whole(basename(path)), container, path }
    const added = await cni(site.host, { ...call, command: 'ADD' })
    const seen = await insideOf(container, added)
    const reached = added.exitCode === 0 && (await pings(container, to))
    const checked = await cni(site.host, { ...call, command: 'CHECK', prevResult: added.json })
    const deleted = await cni(site.host, { ...call, command: 'DEL', prevResult: added.json })
    return {
      ...seen,
      reached,
      statuses: [added, checked, deleted].map(({ exitCode }) => exitCode),
      left: (await linksOf(container)).map(({ ifname }) => ifname),
    }
  }
  const reference = await experienced(referenceDir)
  expect(reference).toMatchObject({ reached: true, statuses: [0, 0, 0] })
  expect(await experienced(names)).toEqual(reference)
}

/** What a container sees; MACs that nobody asked for, and namespaces, are made alike. */
const insideOf = async (container: Container, { json }: CniRan) => {
  const [link] = await container.ip('-d link show dev eth0')
  const { info_kind, info_data } = linkFacts(link ?? {}).linkinfo ?? {}
  const found = {
    result: json,
    link: [link?.mtu, stable(link?.flags), info_kind, info_data],
    addresses: ((await container.ip('addr show dev eth0'))[0]?.addr_info ?? []).map(
      ({ local, prefixlen, scope }: Record<string, unknown>) => ({ local, prefixlen, scope }),
    ),
    routes: [...(await container.ip('-4 route')), ...(await container.ip('-6 route'))].map(one =>
      stable(one),
    ),
  }
  const text = JSON.stringify(found)
    .replaceAll(String(link?.address), 'MAC')
    .replaceAll(container.path, 'NETNS')
    .replace(/\bfe80::[0-9a-f:]+(?=["/])/g, 'fe80::x')
  return JSON.parse(text)
}

const linksOf = async (container: Container) =>
  // biome-ignore lint/suspicious/noExplicitAny: what ip prints has no type
  (await container.ip('link')).map((link: object) => stable(link)) as any[]
