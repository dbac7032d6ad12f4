// What is made for rates: CHECK notices when it is not as it was, and nothing of it is left.
import { rmSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { settled } from '../helpers/difference.ts'
import type { Container } from '../helpers/host.ts'
import { configOf, type Family, networkName } from '../helpers/modes.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, type Scene, scenes, succeeded } from '../helpers/scene.ts'
import { mentions, snapshot } from '../helpers/snapshot.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('tc'),
  requireKernel('bridge'),
  requireKernel('ifb'),
)

const UNSAID = 4294967295
const shaped = (ingressRate: number, egressRate: number, burst = UNSAID) => ({
  ingressRate,
  ingressBurst: ingressRate && burst,
  egressRate,
  egressBurst: egressRate && burst,
})

/** Every rate has what it can have. */
const full = (family: Family = 'dual') =>
  configOf('nat', family, {
    ...shaped(20e6, 10e6),
    unshapedSubnets: ['10.0.0.0/8', '192.0.2.64/26', 'fd00:1:2:3::/64', '2001:db8::/32', '0.0.0.0/0', '::/0'],
  })

const attached = async (config = full()) => {
  const opened = await open()
  const container = await opened.host.container()
  await opened.add(container, config)
  const [{ ifname: ifb }] = await opened.host.ip('link show type ifb')
  const [{ ifname: port }] = await opened.host.ip('link show type veth')
  return { ...opened, container, config, ifb: ifb as string, port: port as string }
}

ready('CHECK', () => {
  test('finds all as it was made', async () => {
    const { runtime, container, config } = await attached()
    succeeded(await runtime.check(container, config))
  }, 60_000)

  const tc = (line: string) => ['tc', ...line.split(' ')]
  const harms: Record<string, (at: { port: string; ifb: string }) => string[]> = {
    'the shaper of what it receives': ({ port }) => tc(`qdisc del dev ${port} root`),
    'the shaper of what it sends': ({ ifb }) => tc(`qdisc del dev ${ifb} root`),
    'the redirect': ({ port }) => tc(`filter del dev ${port} ingress prio 32382 protocol all`),
    'all that looks at what comes in': ({ port }) => tc(`qdisc del dev ${port} ingress`),
    'the ifb': ({ ifb }) => ['ip', 'link', 'del', ifb],
    'the ifb is down': ({ ifb }) => ['ip', 'link', 'set', ifb, 'down'],
    'a filter': ({ port }) => tc(`filter del dev ${port} parent 7e: protocol ip prio 4`),
    'another rate': ({ port }) =>
      tc(`class change dev ${port} parent 7e: classid 7e:1 htb rate 21mbit burst 81920b cburst 81920b`),
    'another burst': ({ ifb }) =>
      tc(`class change dev ${ifb} parent 7e: classid 7e:1 htb rate 10mbit burst 90000b cburst 90000b`),
    'another queue': ({ ifb }) => tc(`qdisc replace dev ${ifb} parent 7e:1 handle 7f: bfifo limit 9000b`),
  }
  for (const [name, harm] of Object.entries(harms))
    test(`notices: ${name}`, async () => {
      const all = await attached()
      succeeded(await all.runtime.check(all.container, all.config))
      const [file = '', ...args] = harm(all)
      await all.host.ok(file, args)
      const mends: string[] = []
      for (const VETHWORK_NETLINK of ['netlink', 'iproute2']) {
        const env = { VETHWORK_NETLINK }
        const { code, details } = failed(await all.runtime.check(all.container, all.config, { env }))
        expect(code).toBe(106)
        mends.push(details)
      }
      expect(mends[0]).toBe(mends[1])
      // What it names mends it.
      await all.host.ok('sh', ['-ec', mends[0]!])
      succeeded(await all.runtime.check(all.container, all.config))
    }, 60_000)
})

ready('nothing is left', () => {
  const emptied = async (run: (all: Awaited<ReturnType<typeof attached>>) => Promise<unknown>) => {
    const opened = await open()
    const [resident, container] = (await opened.host.containers(2)) as [Container, Container]
    await opened.add(resident, configOf('nat', 'dual'))
    const before = await snapshot(opened.host)
    await opened.add(container, full())
    const [{ ifname: ifb }] = await opened.host.ip('link show type ifb')
    expect(await opened.host.ok('tc', ['qdisc', 'show', 'dev', ifb])).toContain('htb')
    await run({ ...opened, container, config: full(), ifb, port: '' })
    // Nobody remembers the addresses by then, and the host's own memory of them ages.
    const forgotten = /neighbours: fe80::\S+ br-/
    expect(
      await settled(before, () => snapshot(opened.host), {
        except: opened.passing([container], [forgotten]),
      }),
    ).toEqual([])
    expect(mentions(opened.host.stateDir, container.id)).toEqual([])
  }
  const forgetting = (host: Scene['host']) => rmSync(host.stateDir, { recursive: true })
  const plain = configOf('nat', 'dual')

  test(
    'DEL, and DEL again',
    () =>
      emptied(async ({ del, container, config }) => {
        await del(container, config)
        await del(container, config)
      }),
    60_000,
  )
  test(
    'DEL with an empty CNI_NETNS, after the namespace is gone',
    () =>
      emptied(async ({ host, del, container, config }) => {
        await host.remove(container)
        await del(container, config, { netns: '' })
      }),
    60_000,
  )
  test(
    'DEL that no longer says rates, with nothing remembered',
    () =>
      emptied(async ({ host, container }) => {
        forgetting(host)
        succeeded(await cni(host, { command: 'DEL', config: plain, container, netns: '' }))
      }),
    60_000,
  )
  test(
    'DEL where the namespace went, and with it the cable, with nothing remembered',
    () =>
      emptied(async ({ host, container }) => {
        await host.remove(container)
        forgetting(host)
        succeeded(await cni(host, { command: 'DEL', config: plain, container, netns: '' }))
      }),
    60_000,
  )
  for (const config of [plain, full()])
    test(
      `GC of a network ${config === plain ? 'that no longer has rates' : 'with rates'}`,
      () =>
        emptied(async ({ host, runtime, container }) => {
          await host.remove(container)
          for (const key of runtime.results.keys())
            if (key.includes(container.id)) runtime.results.delete(key)
          succeeded(await runtime.gc(config))
        }),
      60_000,
    )
  test(
    'GC with nothing remembered',
    () =>
      emptied(async ({ host, runtime, container, config }) => {
        await host.remove(container)
        forgetting(host)
        for (const key of runtime.results.keys()) if (key.includes(container.id)) runtime.results.delete(key)
        succeeded(await runtime.gc(config))
      }),
    60_000,
  )
  test(
    'prune takes an ifb whose cable is gone, also of a network in use',
    () =>
      emptied(async ({ host, runtime, container, ifb }) => {
        await host.remove(container)
        const env = { VETHWORK_STATE_DIR: host.stateDir, CNI_COMMAND: undefined }
        const said = await host.ok(process.env.VETHWORK_BIN ?? 'dist/vethwork', ['prune'], { env })
        expect(said).toContain(`delete the ifb ${ifb}`)
        runtime.results.clear()
        succeeded(await cni(host, { command: 'DEL', config: plain, container, netns: '' }))
      }),
    60_000,
  )
  test('GC keeps the one of a container that is valid', async () => {
    const { host, runtime, container, config, ifb } = await attached()
    succeeded(await runtime.gc(config))
    expect((await host.ip('link show type ifb'))[0].ifname).toBe(ifb)
    succeeded(await runtime.check(container, config))
  }, 60_000)
})

ready('seen by others', () => {
  test('topology draws no ifb as a container', async () => {
    const { host } = await attached()
    const env = { VETHWORK_STATE_DIR: host.stateDir }
    const said = JSON.parse(
      await host.ok(process.env.VETHWORK_BIN ?? 'dist/vethwork', ['topology', '--json'], { env }),
    )
    expect(said.networks).toHaveLength(1)
    expect(said.networks[0]).toMatchObject({ name: networkName, ports: [{ state: 'UP' }] })
  }, 60_000)
})
