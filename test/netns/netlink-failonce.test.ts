// Every message to the kernel fails once, or is the last thing the plugin does: nothing is left behind.
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { settled } from '../helpers/difference.ts'
import type { Container } from '../helpers/host.ts'
import { configOf, layer2 } from '../helpers/modes.ts'
import { deleteNetns } from '../helpers/netns.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'
import { mentions, snapshot } from '../helpers/snapshot.ts'
import { injected } from '../helpers/traced.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('strace'),
  requireTool('tc'),
  requireKernel('bridge'),
  requireKernel('ifb'),
)

const networks = {
  nat: configOf('nat', 'dual', { macspoofchk: true }),
  'layer 2': layer2,
  rates: {
    ...layer2,
    ingressRate: 20e6,
    ingressBurst: 2e6,
    egressRate: 20e6,
    egressBurst: 2e6,
    unshapedSubnets: ['10.0.0.0/8', 'fd00::/8'],
  },
} as const
const env = { VETHWORK_NETLINK: 'netlink' }

/** A host where the network is, with a container that stays and one that comes and goes. */
const prepared = async (config: object) => {
  const opened = await open({ env })
  const [resident, container] = (await opened.host.containers(2)) as [Container, Container]
  await opened.add(resident, { ...config })
  return { ...opened, container }
}

const isMessage = (line: string) => /write\(\d+<NETLINK:/.test(line)

ready('the n-th message', () => {
  for (const [name, config] of Object.entries(networks)) {
    test(`${name}: ADD is refused it`, async () => {
      const { host, container, remember } = await prepared(config)
      const before = await remember()
      let refused = 0
      for (let n = 1; n < 200; n++) {
        const traced = injected(host.directory, 'error=EPERM', n)
        const ran = await cni(host, { command: 'ADD', config, container, binary: traced.binary, env })
        const hit = traced.log().find(line => line.includes('(INJECTED)'))
        // The last thing it writes is its answer.
        if (hit === undefined || /write\(1</.test(hit)) break
        // A lease that could not be written is the business of other tests; some things are done without asking.
        const isTried = isMessage(hit) && ran.exitCode !== 0
        if (isTried) {
          refused++
          expect(failed(ran).code).not.toBe(199)
        } else succeeded(await cni(host, { command: 'DEL', config, container, env }))
        await before.expectSame(container)
      }
      expect(refused).toBeGreaterThan(7)
      succeeded(await cni(host, { command: 'DEL', config, container, env }))
      await before.expectSame(container)
    }, 300_000)

    test(`${name}: ADD is killed before it, DEL cleans up`, async () => {
      const { host, container } = await prepared(config)
      const before = await snapshot(host)
      let killed = 0
      for (let n = 1; n < 200; n++) {
        const traced = injected(host.directory, 'signal=KILL', n)
        const ran = await cni(host, { command: 'ADD', config, container, binary: traced.binary, env })
        if (ran.exitCode === 0) break
        if (isMessage(traced.log().findLast(line => line.includes('write(')) ?? '')) killed++
        succeeded(await cni(host, { command: 'DEL', config, container, env }))
        expect(await settled(before, () => snapshot(host), { except: /neighbours: fe80::/ })).toEqual([])
        expect(mentions(host.stateDir, container.id)).toEqual([])
      }
      expect(killed).toBeGreaterThan(7)
    }, 300_000)

    test(`${name}: DEL is refused it, the next one does the rest`, async () => {
      const { host, container, remember, add } = await prepared(config)
      const before = await remember()
      let refused = 0
      for (let n = 1; n < 200; n++) {
        await add(container, { ...config })
        const traced = injected(host.directory, 'error=EPERM', n)
        const ran = await cni(host, { command: 'DEL', config, container, binary: traced.binary, env })
        const hit = traced.log().find(line => line.includes('(INJECTED)'))
        if (hit && isMessage(hit)) refused++
        if (ran.exitCode !== 0) {
          expect(failed(ran).code).not.toBe(199)
          succeeded(await cni(host, { command: 'DEL', config, container, env }))
        }
        await before.expectSame(container)
        if (hit === undefined) break
      }
      expect(refused).toBeGreaterThan(3)
    }, 300_000)
  }

  test("the container's namespace vanishes at any moment of ADD", async () => {
    const config = networks.nat
    const { host, remember } = await prepared(config)
    const before = await remember()
    const outcomes = new Set<number>()
    // On a busy machine it takes longer until both have been seen.
    for (let n = 0; n < 30 || (outcomes.size < 2 && n < 60); n++) {
      const container = await host.container()
      const adding = cni(host, { command: 'ADD', config, container, env })
      await new Promise(resolve => setTimeout(resolve, n < 30 ? 2 * n : (n % 2) * 100 * (n - 29)))
      await deleteNetns([container.name])
      const ran = await adding
      outcomes.add(ran.exitCode)
      if (ran.exitCode !== 0) expect(failed(ran).code).not.toBe(199)
      succeeded(await cni(host, { command: 'DEL', config, container, env }))
      await before.expectSame(container)
    }
    // Some came before it, some after.
    expect([...outcomes].sort()).toEqual([0, 1])
  }, 300_000)
})
