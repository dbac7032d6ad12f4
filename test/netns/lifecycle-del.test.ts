// DEL takes everything away whatever is gone already, and as often as it is asked; ADD of what exists changes nothing.

import { rmSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { settled } from '../helpers/difference.ts'
import type { Container } from '../helpers/host.ts'
import { configOf, type Family, families, gateways, type ModeName, modeNames } from '../helpers/modes.ts'
import { pings } from '../helpers/packets.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, type Scene, scenes, succeeded } from '../helpers/scene.ts'
import { mentions, snapshot } from '../helpers/snapshot.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('ping'),
  requireKernel('bridge'),
)

const bridge = 'vwtbr0'
type Config = ReturnType<typeof configOf>
interface Attached extends Scene {
  readonly config: Config
  readonly resident: Container
  readonly container: Container
}

/** What happened before DEL, and how the runtime asks for it. */
interface Circumstance {
  readonly before?: (attached: Attached) => Promise<unknown> | unknown
  readonly del?: (attached: Attached) => Promise<unknown>
  /** The network itself is not as it was. */
  readonly differs?: RegExp
}

const plainly = ({ del, container, config }: Attached) => del(container, config)

const circumstances: Record<string, Circumstance> = {
  'DEL twice': {
    before: plainly,
  },
  'the namespace is gone': { before: ({ host, container }) => host.remove(container) },
  'CNI_NETNS is empty': { del: ({ del, container, config }) => del(container, config, { netns: '' }) },
  'CNI_NETNS is not set': {
    del: ({ del, container, config }) => del(container, config, { env: { CNI_NETNS: undefined } }),
  },
  'CNI_NETNS is a file': {
    del: ({ del, container, config }) => del(container, config, { netns: '/etc/hosts' }),
  },
  'CNI_NETNS is another container’s': {
    del: ({ del, container, resident, config }) => del(container, config, { netns: resident.path }),
  },
  'without prevResult': { before: ({ runtime }) => runtime.results.clear() },
  'without prevResult and namespace': {
    before: async ({ host, runtime, container }) => {
      runtime.results.clear()
      await host.remove(container)
    },
  },
  'the container’s interface is gone': { before: ({ container }) => container.batch('link del eth0') },
  'the container’s interface has another name': {
    before: ({ container }) => container.batch('link set eth0 down', 'link set eth0 name eth7'),
  },
  'the cable is out of the bridge': {
    before: async ({ host, runtime }) => {
      const [result] = [...runtime.results.values()].slice(-1) as [{ interfaces: { name: string }[] }]
      await host.batch(`link set ${result.interfaces[1]?.name} nomaster`)
    },
  },
  'the rules are flushed': {
    before: ({ host }) => host.ok('nft', ['flush', 'ruleset']),
    differs: /^- (nft|iptables|ip6tables)|~ ip6?tables/,
  },
  'the state directory is wiped': { before: ({ host }) => rmSync(host.stateDir, { recursive: true }) },
  'the bridge is deleted': {
    before: ({ host }) => host.batch(`link del ${bridge}`),
    // Whatever is on it goes with it.
    differs: /vwtbr0|"master"|\.master|linkinfo|neighbours/,
  },
  'everything at once': {
    before: async ({ host, runtime, container }) => {
      runtime.results.clear()
      rmSync(host.stateDir, { recursive: true })
      await host.ok('nft', ['flush', 'ruleset'])
      await host.remove(container)
      await host.batch(`link del ${bridge}`)
    },
    differs: /vwtbr0|"master"|\.master|linkinfo|neighbours|- (nft|iptables|ip6tables)|~ ip6?tables/,
  },
}

const attached = async (mode: ModeName, family: Family): Promise<Attached> => {
  const opened = await open()
  const [resident, container] = (await opened.host.containers(2)) as [Container, Container]
  const config = configOf(mode, family, { bridge })
  await opened.add(resident, config)
  return { ...opened, config, resident, container }
}

const survives = async (mode: ModeName, family: Family, { before, del = plainly, differs }: Circumstance) => {
  const all = await attached(mode, family)
  const { host, container, config } = all
  if (mode !== 'local') expect(await pings(all.resident, gateways[family === 'v6' ? 'v6' : 'v4'])).toBe(true)
  const was = await snapshot(host)
  await all.add(container, config)
  if (mode !== 'local') expect(await pings(container, gateways[family === 'v6' ? 'v6' : 'v4'])).toBe(true)
  await before?.(all)
  await del(all)
  expect(
    await settled(was, () => snapshot(host), {
      except: all.passing([container], differs ? [differs] : []),
    }),
  ).toEqual([])
  expect(mentions(host.stateDir, container.id)).toEqual([])
  const links: { ifalias?: string }[] = await host.ip('link')
  expect(links.filter(({ ifalias = '' }) => ifalias.includes(container.id))).toEqual([])
}

ready('DEL', () => {
  for (const [name, circumstance] of Object.entries(circumstances))
    for (const mode of ['nat', 'macspoofchk', 'ipMasq by iptables', 'local'] as const)
      test(`${mode}, ${name}`, () => survives(mode, 'dual', circumstance), 60_000)

  for (const family of families)
    test(
      `nat ${family}, the namespace is gone`,
      () => survives('nat', family, circumstances['the namespace is gone'] ?? {}),
      60_000,
    )

  test('of what was never there', async () => {
    const { host, runtime, container, config, remember, del } = await attached('nat', 'dual')
    const before = await remember()
    await del(container, config)
    await del(container, { ...config, name: 'never' })
    await before.expectSame(container)
    expect(runtime.results.size).toBe(1)
    expect(mentions(host.stateDir, 'never')).toEqual([])
  }, 60_000)
})

ready('ADD of what exists', () => {
  for (const mode of modeNames)
    test(mode, async () => {
      const { host, runtime, add, passing, container, config } = await attached(mode, 'dual')
      await add(container, config)
      const before = await snapshot(host, host.stateDir)
      const inside = await snapshot(container)
      const { code, msg } = failed(await cni(host, { command: 'ADD', config, container }))
      expect({ code, msg }).toMatchObject({ msg: expect.stringContaining(container.id.slice(0, 12)) })
      const except = passing([])
      expect(await settled(before, () => snapshot(host, host.stateDir), { except })).toEqual([])
      expect(await settled(inside, () => snapshot(container))).toEqual([])
      succeeded(await runtime.check(container, config))
    }, 60_000)

  test('an interface of that name', async () => {
    const { host, runtime, passing, container, config } = await attached('nat', 'dual')
    await container.batch('link add eth0 type veth peer name other')
    const before = await snapshot(host)
    const inside = await snapshot(container)
    expect(failed(await runtime.add(container, config))).toMatchObject({
      code: 103,
      msg: expect.stringContaining("'eth0' exists"),
    })
    expect(await settled(before, () => snapshot(host), { except: passing([]) })).toEqual([])
    expect(await settled(inside, () => snapshot(container))).toEqual([])
    expect(mentions(host.stateDir, container.id)).toEqual([])
  }, 60_000)

  test('a second interface of the same container is another attachment', async () => {
    const { container, config, add, del, remember } = await attached('nat', 'dual')
    await add(container, config)
    const before = await remember()
    // Two default routes would be in each other's way.
    const second = { ...config, isDefaultGateway: false }
    await add(container, second, { ifname: 'eth1' })
    await del(container, second, { ifname: 'eth1' })
    await before.expectSame()
  }, 60_000)
})
