/** Whichever way the plugin speaks with the kernel, and whichever of its two programs does: the same state, in host and container. */
import { expect } from '@jest/globals'
import { difference } from './difference.ts'
import type { Container } from './host.ts'
import { type Scene, type scenes, succeeded } from './scene.ts'
import { type Snapshot, snapshot } from './snapshot.ts'

type Open = ReturnType<typeof scenes>

/** One machine with a way out that is the same everywhere. */
export const placeWith = async (
  open: Open,
  driver: string,
  engine?: 'bun',
): Promise<Scene & { readonly container: Container }> => {
  const opened = await open({
    env: { VETHWORK_NETLINK: driver, VETHWORK_ENGINE: engine, VETHWORK_HOST_FILE: '/nonexistent' },
  })
  const { host } = opened
  const [far, container] = (await host.containers(2)) as [Container, Container]
  await host.batch(
    `link add eth0 address 02:00:00:00:00:01 type veth peer name eth0 address 02:00:00:00:00:02 netns ${far.path}`,
    'link set eth0 addrgenmode none up',
    'addr add 192.0.2.1/24 dev eth0 brd + metric 50',
    'addr add 2001:db8::1/64 dev eth0 nodad',
    'route add default via 192.0.2.2 dev eth0',
    'route add 10.200.0.0/16 via 192.0.2.2 dev eth0 mtu 1300 proto 9',
  )
  await far.batch('link set eth0 up')
  return { ...opened, container: { ...container, id: 'c'.repeat(64) } }
}

/** Whom the host and its neighbours have talked to is the time of day; MAC addresses of GRE and ifb devices are the kernel's choice. */
const passing =
  /neighbours: .*learned|permaddr|links: (gre|ifb)\w+\.address|addresses: ifb\w+ fe80:|fdb: \S+ gre\w+ permanent/

const expectSame = async (one: Pick<Scene['host'], 'ok'>, other: Pick<Scene['host'], 'ok'>) => {
  const taken = await Promise.all([snapshot(one), snapshot(other)])
  const [a, b] = taken.map(anonymous) as [Snapshot, Snapshot]
  expect(Object.keys(a.links!)).toContain('lo')
  expect(difference(a, b, passing)).toEqual([])
  expect(await trafficOf(one)).toBe(await trafficOf(other))
}

/** What a snapshot has not: how queues, classes and filters are set, with names instead of numbers. */
const trafficOf = async ({ ok }: Pick<Scene['host'], 'ok'>): Promise<string> => {
  const names = JSON.parse(await ok('ip', ['-j', 'link'])).map(({ ifname }: { ifname: string }) => ifname)
  const lines = names
    .toSorted()
    .flatMap((dev: string) =>
      ['qdisc show', 'class show', 'filter show', 'filter show ingress'].map(what => `${what} dev ${dev}`),
    )
  const text = await ok('tc', ['-d', '-batch', '-'], { input: `${lines.join('\n')}\n` })
  return text.replaceAll(/ direct_packets_stat \d+/g, '')
}

/** Names of the machine's namespaces are in it nowhere but as numbers. */
const anonymous = ({ files: _, ...rest }: Snapshot): Snapshot => rest

type Way = readonly [driver: string, engine?: 'bun']

const drivers: readonly Way[] = [['netlink'], ['iproute2']]
/** Each driver by each of the two programs. */
export const everyWay: readonly Way[] = [...drivers, ['netlink', 'bun'], ['iproute2', 'bun']]

/**
 * ADD, CHECK each other's work, DEL: on machines that are alike.
 * @param before behind which network it stands in a chain
 * @param has what `tc` must say of the host meanwhile
 */
export const isTheSame = async (
  open: Open,
  config: object,
  before?: object,
  has = /^/,
  ways = drivers,
): Promise<void> => {
  const all = await Promise.all(ways.map(([driver, engine]) => placeWith(open, driver, engine)))
  const [first, ...others] = all as [(typeof all)[0], ...typeof all]
  const results = []
  for (const { add, container } of all) {
    const prevResult = before && (await add(container, { ...before })).json
    results.push((await add(container, { ...config, prevResult })).json)
  }
  const withoutSandbox = (result: object) => JSON.stringify(result).replaceAll(/"\/run\/netns\/[^"]+"/g, '""')
  for (const result of results) expect(withoutSandbox(result)).toBe(withoutSandbox(results[0]))
  const expectAllSame = async () => {
    for (const other of others) {
      await expectSame(first.host, other.host)
      await expectSame(first.container, other.container)
    }
  }
  await expectAllSame()
  expect((await trafficOf(first.host)) + (await trafficOf(first.container))).toMatch(has)
  // What one way made is right for the other.
  for (const { runtime, container } of all)
    for (const [VETHWORK_NETLINK, VETHWORK_ENGINE] of ways)
      succeeded(await runtime.check(container, { ...config }, { env: { VETHWORK_NETLINK, VETHWORK_ENGINE } }))
  for (const { del, container } of all) await del(container, { ...config })
  await expectAllSame()
}
