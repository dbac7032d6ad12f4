// kill -9 at any moment of ADD: the next DEL, or GC with an empty list, leaves nothing, and a following ADD works.
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { atOnce, plugsIn, randomFrom } from '../helpers/crowd.ts'
import { settled } from '../helpers/difference.ts'
import { faultyTools } from '../helpers/faults.ts'
import type { Container, Host } from '../helpers/host.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { kill, residents } from '../helpers/residents.ts'
import { type Scene, scenes, succeeded } from '../helpers/scene.ts'
import { filesBelow, mentions, snapshot } from '../helpers/snapshot.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('flock'),
  requireKernel('bridge'),
)

const network = (name: string) => ({
  cniVersion: '1.1.0',
  type: 'vethwork',
  name,
  mode: 'nat',
  macspoofchk: true,
  ipam: { type: 'vethwork-ipam', ranges: [[{ subnet: '10.44.0.0/23' }], [{ subnet: 'fd00:44::/64' }]] },
})

/** GC with an empty list: nothing of the network is valid. */
const collect = async (host: Host, config: object) =>
  succeeded(await cni(host, { command: 'GC', config: { ...config, 'cni.dev/valid-attachments': [] } }))

/** The tools of a plugin that was killed run on for a moment. */
const calm = async (namespaces: readonly { path: string }[]) => {
  const paths = namespaces.map(({ path }) => path)
  for (let n = 0; residents(paths).length && n < 500; n++) await new Promise(done => setTimeout(done, 10))
  expect(residents(paths)).toEqual([])
}

const linksIn = async (netns: Container) =>
  (await netns.ip('link')).map(({ ifname }: { ifname: string }) => ifname)

const nothingLeft = async (host: Host, containers: readonly Container[]) => {
  expect(await host.ip('link show type veth')).toEqual([])
  for (const one of containers) expect(await linksIn(one)).toEqual(['lo'])
  expect(containers.flatMap(({ id }) => mentions(host.stateDir, id))).toEqual([])
  const { nftables } = JSON.parse(await host.ok('nft', ['-j', 'list', 'sets'])) as {
    nftables: { set?: { elem?: [] } }[]
  }
  expect(nftables.flatMap(({ set }) => set?.elem ?? [])).toEqual([])
}

ready('kill -9 before each single step', () => {
  const cleanings = {
    // Runtimes send it with the namespace and without.
    DEL: async ({ host }: Scene, container: Container, config: object, n: number) =>
      succeeded(await cni(host, { command: 'DEL', config, container, ...(n % 2 ? { netns: '' } : {}) })),
    GC: ({ host }: Scene, _: Container, config: object) => collect(host, config),
  }
  for (const [name, clean] of Object.entries(cleanings))
    test(`of ADD, then ${name}`, async () => {
      const scene = await open()
      const { host, add, del, runtime } = scene
      const container = await host.container()
      const tools = faultyTools(host.directory)
      let steps = 0
      for (let n = 1; ; n++) {
        // Networks of their own, so that what they share is made each time.
        const config = network(`crash${n}`)
        tools.choose(n, 'fatal')
        const ran = await cni(host, { command: 'ADD', config, container, env: tools.env })
        if (tools.hit() === undefined) {
          succeeded(ran)
          break
        }
        expect(ran.exitCode).toBe(137)
        steps++
        await calm([host, container])
        await clean(scene, container, config, n)
        await nothingLeft(host, [container])
        await add(container, config)
        succeeded(await runtime.check(container, config))
        await del(container, config)
        await nothingLeft(host, [container])
        // The next network has the same subnet, as one host cannot have it twice.
        await host.batch(`link del br-crash${n}`)
      }
      expect(steps).toBeGreaterThan(20)
    }, 120_000)

  test('of DEL, then DEL', async () => {
    const { host, add } = await open()
    const container = await host.container()
    const tools = faultyTools(host.directory)
    const config = network('crash')
    let steps = 0
    for (let n = 1; ; n++) {
      tools.choose(n, 'fatal')
      await add(container, config)
      const call = { command: 'DEL', config, container }
      const ran = await cni(host, { ...call, env: tools.env })
      if (tools.hit() === undefined) {
        succeeded(ran)
        break
      }
      expect(ran.exitCode).toBe(137)
      steps++
      await calm([host, container])
      succeeded(await cni(host, call))
      await nothingLeft(host, [container])
    }
    expect(steps).toBeGreaterThan(2)
  }, 60_000)
})

ready('kill -9 at random, in a storm of ADDs', () => {
  const seed = Number(process.env.VETHWORK_SEED ?? Date.now() % 1_000_000)
  const config = network('storm')

  const storm = async (
    strike: (scene: Scene, random: () => number, namespaces: Container[]) => Promise<Container[]>,
  ) => {
    process.stderr.write(`    VETHWORK_SEED=${seed}\n`)
    const scene = await open()
    const { host, add, del } = scene
    const namespaces = await host.containers(24)
    await add(namespaces[0]!, config)
    await del(namespaces[0]!, config)
    await host.batch('link set lo up')
    const before = await snapshot(host)
    const struck = await strike(scene, randomFrom(seed), namespaces)
    await calm([host, ...namespaces])
    await collect(host, config)
    await nothingLeft(host, struck)
    expect(await settled(before, () => snapshot(host))).toEqual([])
    expect(Object.keys(filesBelow(host.stateDir)).filter(name => name.endsWith('.tmp'))).toEqual([])
    // All addresses are there again.
    await add(namespaces[1]!, config)
    await del(namespaces[1]!, config)
  }

  test('single plugins; their tools run on', async () => {
    await storm(async ({ host }, random, namespaces) => {
      const plugs = plugsIn(namespaces, 4)
      let killed = 0
      await atOnce(16, plugs, async ({ container }) => {
        // From 10 to 500 ms, the short ones often: a fast machine is done soon.
        const timeout = Math.round(10 * 50 ** random())
        const ran = await cni(host, { command: 'ADD', config, container, timeout })
        if (ran.exitCode === 137) killed++
        // A namespace is used again: whoever was in it last has left its interface behind, or not.
      })
      expect(killed).toBeGreaterThan(10)
      return plugs.map(({ container }) => container)
    })
  }, 120_000)

  test('everything at once, tools too, as when a cgroup is killed', async () => {
    await storm(async ({ host }, random, namespaces) => {
      const plugs = plugsIn(namespaces, 4)
      for (let round = 0; round < 6; round++) {
        const wave = plugs.slice(round * 16, round * 16 + 16)
        const running = atOnce(16, wave, ({ container }) => cni(host, { command: 'ADD', config, container }))
        await new Promise(done => setTimeout(done, 50 + random() * 700))
        for (const pid of residents([host, ...namespaces].map(({ path }) => path))) kill(pid)
        await running
      }
      return plugs.map(({ container }) => container)
    })
  }, 120_000)
})
