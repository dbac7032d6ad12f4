// The storm with every service switched on: ports lead where they should, a kill at any moment leaves nothing that GC does not
// take away, and what the dead had the next get.
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { atOnce, type Plug, plugsIn, randomFrom } from '../helpers/crowd.ts'
import { answerDatagrams, askDatagram } from '../helpers/datagrams.ts'
import { settled } from '../helpers/difference.ts'
import type { Container, Host } from '../helpers/host.ts'
import { hostSeen } from '../helpers/modes.ts'
import { connect, listen, pings } from '../helpers/packets.ts'
import { withPorts } from '../helpers/published.ts'
import { residents } from '../helpers/residents.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'
import { mentions, snapshot } from '../helpers/snapshot.ts'

const open = scenes(afterEach)
const seed = Number(process.env.VETHWORK_SEED ?? Date.now() % 1_000_000)
const LIMIT = 16

const groups = {
  default: [{ protocol: 'tcp', ports: 80 }, { protocol: 'udp', ports: 53 }, { protocol: 'icmp' }],
}
const guards = [{ ingressPolicy: 'isolated' }, { securityGroups: groups }]

/** Two networks; of one kind of guard each. */
const network = (n: number) => ({
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: `storm${n}`,
  mode: 'nat',
  macspoofchk: true,
  ipspoofchk: true,
  ...guards[n],
  ingressRate: 50e6,
  ingressBurst: 2e6,
  egressRate: 50e6,
  egressBurst: 2e6,
  sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1' },
  txQLen: 77,
  ipam: {
    type: 'vethwork-ipam',
    ranges: [[{ subnet: `10.${60 + n}.0.0/24` }], [{ subnet: `fd00:${60 + n}::/64` }]],
  },
})

/** Each publishes a port by TCP and by UDP, and one of the host's one address. */
const publishing = (index: number) => ({
  ...network(index % 2),
  runtimeConfig: {
    portMappings: [
      { hostPort: 10_000 + index, containerPort: 80, protocol: 'tcp' },
      { hostPort: 10_000 + index, containerPort: 53, protocol: 'udp' },
      { hostPort: 20_000 + index, containerPort: 80, protocol: 'tcp', hostIP: hostSeen.v4 },
    ],
  },
})

const call = (host: Host, command: string, index: number, { container, ifname }: Plug, timeout = 120_000) =>
  cni(host, { command, config: publishing(index), container, ifname, timeout })

/** Of whom each port is, as nft has it: `tcp . 10007` → its owner. */
const portsIn = async (host: Host) => {
  const text = await host.ok('nft', ['list', 'table', 'inet', 'vethwork'])
  const found = [...text.matchAll(/((?:tcp|udp) \. \d+(?: \. [\d.]+)?) comment "(\S+)" : (\d[\d.]+) \. \d+/g)]
  return found.map(([, key, owner, address]) => ({ key, owner, address }))
}

const collect = async (host: Host) => {
  for (const n of [0, 1])
    succeeded(await cni(host, { command: 'GC', config: { ...network(n), 'cni.dev/valid-attachments': [] } }))
}

/** The tools of what was killed run on for a moment. */
const calm = async (namespaces: readonly { path: string }[]) => {
  const paths = namespaces.map(({ path }) => path)
  for (let n = 0; residents(paths).length && n < 1000; n++) await new Promise(done => setTimeout(done, 10))
  expect(residents(paths)).toEqual([])
}

/** Two networks were used already; what they share is in the picture. */
const prepared = async (count: number) => {
  const { host } = await open()
  const outside = await host.outside()
  const namespaces = await host.containers(count)
  expect(await pings(outside, hostSeen.v4)).toBe(true)
  expect(await pings(outside, hostSeen.v6)).toBe(true)
  for (const [index, plug] of plugsIn(namespaces.slice(0, 2), 1).entries()) {
    succeeded(await call(host, 'ADD', index, plug))
    succeeded(await call(host, 'DEL', index, plug))
  }
  const before = await snapshot(host)
  const expectAsBefore = async (gone: readonly Container[]) => {
    const except = /neighbours: \S+ eth0 /
    expect(await settled(before, () => snapshot(host), { except, timeout: 10_000 })).toEqual([])
    expect(gone.flatMap(({ id }) => mentions(host.stateDir, id))).toEqual([])
  }
  return { host, outside, namespaces, expectAsBefore }
}

withPorts('100 ADDs and DELs with all services, 16 at a time', () => {
  test('no address and no port twice, each leads to its own; DEL leaves nothing', async () => {
    const { host, outside, namespaces, expectAsBefore } = await prepared(100)
    const plugs = plugsIn(namespaces, 1)
    const started = performance.now()
    const added = await atOnce(LIMIT, plugs, (plug, index) => call(host, 'ADD', index, plug))
    const between = performance.now()
    for (const ran of added) succeeded(ran)
    const addresses = added.map(({ json }) => json.ips[0].address.split('/')[0])
    expect(new Set(addresses).size).toBe(100)
    const expected = plugs.flatMap(({ container, ifname }, index) => {
      const its = { owner: `storm${index % 2}/${container.id}/${ifname}`, address: addresses[index] }
      const keys = [`tcp . ${10_000 + index}`, `udp . ${10_000 + index}`]
      return [...keys, `tcp . ${20_000 + index} . ${hostSeen.v4}`].map(key => ({ key, ...its }))
    })
    const byKey = (a: { key?: string }, b: { key?: string }) => (String(a.key) < String(b.key) ? -1 : 1)
    expect((await portsIn(host)).sort(byKey)).toEqual(expected.sort(byKey))
    // A port that somebody has is nobody else's to have.
    const [late] = await host.containers(1)
    const refused = failed(await call(host, 'ADD', 77, { container: late!, ifname: 'eth0' }))
    expect(refused).toMatchObject({ code: 110, msg: expect.stringContaining(plugs[77]!.container.id) })
    for (const index of [0, 17, 98]) await leadsTo(outside, index, plugs[index]!.container)

    const again = performance.now()
    const deleted = await atOnce(LIMIT, plugs, (plug, index) => call(host, 'DEL', index, plug))
    const ended = performance.now()
    for (const ran of deleted) succeeded(ran)
    expect(await portsIn(host)).toEqual([])
    await expectAsBefore([...plugs.map(({ container }) => container), late!])
    const ms = (time: number) => `${Math.round(time)} ms`
    process.stderr.write(
      `    100 ADDs ${ms(between - started)}, 100 DELs ${ms(ended - again)}, ${LIMIT} at a time\n`,
    )
  }, 180_000)

  test('kill -9 at random in ADD and DEL, then GC: nothing is left, and the next have the ports', async () => {
    process.stderr.write(`    VETHWORK_SEED=${seed}\n`)
    const { host, outside, namespaces, expectAsBefore } = await prepared(40)
    const random = randomFrom(seed)
    const plugs = plugsIn(namespaces, 1)
    const soon = () => Math.round(10 * 80 ** random())
    const killed = { ADD: 0, DEL: 0 }
    for (const command of ['ADD', 'DEL'] as const) {
      // Of those that are to be deleted, who was not whole is added first.
      if (command === 'DEL') {
        await calm([host, ...namespaces])
        await collect(host)
        for (const ran of await atOnce(LIMIT, plugs, (plug, index) => call(host, 'ADD', index, plug)))
          succeeded(ran)
      }
      await atOnce(LIMIT, plugs, async (plug, index) => {
        if ((await call(host, command, index, plug, soon())).exitCode === 137) killed[command]++
      })
    }
    expect(killed.ADD).toBeGreaterThan(5)
    expect(killed.DEL).toBeGreaterThan(5)
    await calm([host, ...namespaces])
    // Some die as they are; GC finds them without their namespaces.
    for (const one of namespaces.slice(0, 5)) await host.remove(one)
    await collect(host)
    expect(await portsIn(host)).toEqual([])
    await expectAsBefore(plugs.map(({ container }) => container))

    // Successors of the dead have the same ports, and nobody has two.
    const next = plugsIn(namespaces.slice(5), 1)
    for (const ran of await atOnce(LIMIT, next, (plug, index) => call(host, 'ADD', index, plug)))
      succeeded(ran)
    expect(await portsIn(host)).toHaveLength(3 * next.length)
    for (const index of [0, 1]) await leadsTo(outside, index, next[index]!.container)
    await collect(host)
    await expectAsBefore(next.map(({ container }) => container))
  }, 180_000)

  test('ports move from the dead to the living while others come and go, UDP too', async () => {
    const { host, outside, namespaces, expectAsBefore } = await prepared(40)
    const old = plugsIn(namespaces.slice(0, 10), 1)
    for (const ran of await atOnce(LIMIT, old, (plug, index) => call(host, 'ADD', index, plug)))
      succeeded(ran)
    for (const index of [2, 3]) await leadsTo(outside, index, old[index]!.container)
    // Nobody calls DEL for them.
    for (const { container } of old) await host.remove(container)
    const next = plugsIn(namespaces.slice(10, 20), 1)
    const others = plugsIn(namespaces.slice(20), 1)
    const rans = await atOnce(LIMIT, [...next, ...others], async (plug, n) => {
      const ran = await call(host, 'ADD', n, plug)
      return n < next.length ? [ran] : [ran, await call(host, 'DEL', n, plug)]
    })
    for (const ran of rans.flat()) succeeded(ran)
    const owners = new Map((await portsIn(host)).map(({ key, owner }) => [key, owner]))
    for (const [index, { container, ifname }] of next.entries())
      expect(owners.get(`udp . ${10_000 + index}`)).toBe(`storm${index % 2}/${container.id}/${ifname}`)
    for (const index of [2, 3]) await leadsTo(outside, index, next[index]!.container)
    await collect(host)
    await expectAsBefore([...old, ...next, ...others].map(({ container }) => container))
  }, 180_000)
})

/** Its ports, asked for from beyond the host, are answered by this container: TCP in both families, by one address, UDP. */
const leadsTo = async (outside: Parameters<typeof connect>[0], index: number, container: Container) => {
  const servers = [
    await listen(container, 80, container.name),
    await answerDatagrams(container, 53, container.name),
  ]
  try {
    for (const address of [hostSeen.v4, hostSeen.v6])
      expect(await connect(outside, address, 10_000 + index, 5)).toBe(`${container.name}\n`)
    expect(await connect(outside, hostSeen.v4, 20_000 + index, 5)).toBe(`${container.name}\n`)
    const asked = { source: 30_000 + index, seconds: 5 }
    expect(await askDatagram(outside, hostSeen.v4, 10_000 + index, asked)).toBe(container.name)
  } finally {
    await Promise.all(servers.map(one => one.stop()))
  }
}
