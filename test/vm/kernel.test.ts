// What the kernel can do, with real packets and without us: the reference for the networks that stand on it, and the
// first thing to look at when they fail. Each test is two hosts on one cable, or one host.
import { afterEach, expect, test } from '@jest/globals'
import { type Host, testHost } from '../helpers/host.ts'
import type { Netns } from '../helpers/netns.ts'
import { capture, pings } from '../helpers/packets.ts'

const hosts: Host[] = []
afterEach(async () => {
  await Promise.all(hosts.splice(0).map(host => host.dispose()))
})

/** Two hosts whose eth1 are the ends of one cable, 192.0.2.1 and 192.0.2.2. */
const cabled = async (): Promise<[Host, Host]> => {
  const pair: [Host, Host] = [await testHost(), await testHost()]
  hosts.push(...pair)
  await pair[0].batch(`link add eth1 type veth peer name eth1 netns ${pair[1].name}`)
  await each(pair, n => ['link set eth1 up', `addr add 192.0.2.${n}/24 dev eth1`])
  return pair
}

/** The same lines on each, with its number, from 1, and the other's. */
const each = (pair: readonly Netns[], lines: (n: number, other: number) => string[]) =>
  Promise.all(pair.map((netns, index) => netns.batch(...lines(index + 1, 2 - index))))

test('an 802.1Q sub-interface tags what it sends', async () => {
  const [one, two] = await cabled()
  await each([one, two], n => [
    'link add dev eth1.100 link eth1 up type vlan id 100',
    `addr add 10.1.0.${n}/24 dev eth1.100`,
  ])
  const wire = await capture(two, 'eth1', 'vlan 100 and icmp')
  expect(await pings(one, '10.1.0.2')).toBe(true)
  const seen = await wire.stop()
  expect(seen.join('\n')).toMatch(
    /802\.1Q \(0x8100\).* vlan 100, .*10\.1\.0\.1 > 10\.1\.0\.2: ICMP echo request/,
  )
  expect((await one.ip('-d link show eth1.100'))[0].linkinfo).toMatchObject({
    info_kind: 'vlan',
    info_data: { protocol: '802.1Q', id: 100 },
  })
})

test('a VLAN-aware bridge keeps its access ports apart', async () => {
  const [host] = await cabled()
  const [a, b, other] = await host.containers(3)
  const containers = [a!, b!, other!]
  await host.batch(
    'link add dev br0 up type bridge vlan_filtering 1 vlan_default_pvid 0',
    ...containers.map(
      ({ name }, n) => `link add dev port${n} master br0 up type veth peer name eth0 netns ${name}`,
    ),
  )
  const vlans = [100, 100, 101].map((id, n) => `vlan add dev port${n} vid ${id} pvid untagged`)
  await host.ok('bridge', ['-batch', '-'], { input: `${vlans.join('\n')}\n` })
  await each(containers, n => ['link set eth0 up', `addr add 10.2.0.${n}/24 dev eth0`])

  const deaf = await capture(other!, 'eth0', 'arp or icmp')
  expect(await pings(a!, '10.2.0.2')).toBe(true)
  expect(await pings(a!, '10.2.0.3', 1)).toBe(false)
  expect(await deaf.stop()).toEqual([])
})

test('a gretap carries frames, with its key', async () => {
  const [one, two] = await cabled()
  await each([one, two], (n, other) => [
    `link add dev gre0100 up type gretap local 192.0.2.${n} remote 192.0.2.${other} key 100`,
    `addr add 10.3.0.${n}/24 dev gre0100`,
  ])
  const wire = await capture(two, 'eth1', 'ip proto 47')
  expect(await pings(one, '10.3.0.2')).toBe(true)
  expect((await wire.stop()).join('\n')).toMatch(
    /192\.0\.2\.1 > 192\.0\.2\.2: GREv0, key=0x64, proto TEB .*10\.3\.0\.1 > 10\.3\.0\.2: ICMP echo request/,
  )
})

test('a vxlan carries frames, with its VNI', async () => {
  const [one, two] = await cabled()
  await each([one, two], (n, other) => [
    `link add dev vx0 up type vxlan id 5000 local 192.0.2.${n} remote 192.0.2.${other} dstport 4789`,
    `addr add 10.4.0.${n}/24 dev vx0`,
  ])
  const wire = await capture(two, 'eth1', 'udp dst port 4789')
  expect(await pings(one, '10.4.0.2')).toBe(true)
  expect((await wire.stop()).join('\n')).toMatch(
    /192\.0\.2\.2\.4789: VXLAN, .*vni 5000\n.*10\.4\.0\.1 > 10\.4\.0\.2: ICMP echo request/,
  )
})

for (const [kind, options, macs] of [
  ['macvlan', 'mode bridge', 2],
  ['ipvlan', 'mode l2', 1],
] as const) {
  test(`${kind}: two containers on one interface, with ${macs} MAC address${macs > 1 ? 'es' : ''}`, async () => {
    const [host, lan] = await cabled()
    const containers = await host.containers(2)
    // Made under a name of its own: the final one may be taken where the line runs, although it is not made there.
    await host.batch(
      ...containers.map(
        ({ path }, n) => `link add dev tmp${n} link eth1 netns ${path} type ${kind} ${options}`,
      ),
    )
    await each(containers, n => [
      `link set dev tmp${n - 1} name eth0 up`,
      `addr add 192.0.2.${10 + n}/24 dev eth0`,
    ])
    expect(await pings(containers[0]!, '192.0.2.12')).toBe(true)
    for (const container of containers) expect(await pings(container, '192.0.2.2')).toBe(true)
    const known = (await lan.ip('neigh show dev eth1')) as { dst: string; lladdr: string }[]
    expect(new Set(known.map(({ lladdr }) => lladdr)).size).toBe(macs)
  })
}

test('a dummy interface takes an address, and no packet out', async () => {
  const [host] = await cabled()
  await host.batch('link add dev dummy0 up type dummy', 'addr add 10.5.0.1/24 dev dummy0')
  expect(await pings(host, '10.5.0.1')).toBe(true)
  expect(await pings(host, '10.5.0.2', 1)).toBe(false)
})
