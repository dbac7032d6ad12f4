// Who speaks to a container's port by UDP is not held by a dead one: its flows go with its port, whoever takes that away.
import { rmSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { json, said } from '../helpers/cli.ts'
import { answerDatagrams, askDatagram } from '../helpers/datagrams.ts'
import type { Container } from '../helpers/host.ts'
import { hostSeen } from '../helpers/modes.ts'
import type { Listener } from '../helpers/packets.ts'
import { dns, publishing, web } from '../helpers/portmappings.ts'
import { withPorts } from '../helpers/published.ts'
import { type Scene, scenes, succeeded } from '../helpers/scene.ts'

const open = scenes(afterEach)
const listeners: Listener[] = []
afterEach(async () => {
  await Promise.all(listeners.splice(0).map(one => one.stop()))
})

const config = publishing([dns, web])
const all = ({ host }: Scene) => rmSync(host.stateDir, { recursive: true })
const collect = async ({ runtime }: Scene) => succeeded(await runtime.gc(config))

const ways: Record<string, (scene: Scene, dead: Container) => Promise<unknown>> = {
  GC: collect,
  'GC without any memory': async scene => {
    all(scene)
    await collect(scene)
  },
  'vethwork gc': async ({ host }, dead) => {
    const { collected } = await json(host, 'gc')
    expect(collected).toMatchObject([{ owner: { containerId: dead.id } }])
  },
  'vethwork gc without any memory': async scene => {
    all(scene)
    expect(await said(scene.host, 'gc', '--dry-run')).toMatch(/forget who spoke to port 5353\/udp/)
    await said(scene.host, 'gc')
  },
  DEL: ({ del }, dead) => del(dead, config, { netns: '' }),
  'DEL without any memory': async (scene, dead) => {
    all(scene)
    await scene.del(dead, publishing([]), { netns: '' })
  },
}

withPorts(
  'a dead container’s port is taken away, and who speaks to it all the time is heard by the host, by',
  () => {
    for (const [title, takeAway] of Object.entries(ways))
      test(title, async () => {
        const scene = await open()
        const { host, add, runtime } = scene
        const outside = await host.outside()
        const dead = await host.container()
        const asked = (address: string, source: number) =>
          askDatagram(outside, address, 5353, { source, seconds: 5 })
        await add(dead, config)
        listeners.push(await answerDatagrams(dead, 53, 'the container'))
        for (const address of [hostSeen.v4, hostSeen.v6])
          expect(await asked(address, 40_000)).toBe('the container')
        await host.remove(dead)
        runtime.results.clear()
        listeners.push(await answerDatagrams(host, 5353, 'the host'))

        await takeAway(scene, dead)
        for (const address of [hostSeen.v4, hostSeen.v6])
          expect(await asked(address, 40_000)).toBe('the host')
        expect(await host.ok('conntrack', ['-L', '-p', 'udp'])).not.toContain('10.44.0.2')
      }, 60_000)

    test('and a flow that nobody ends stays with its dead: the test can fail', async () => {
      const { host, add } = await open()
      const outside = await host.outside()
      const dead = await host.container()
      await add(dead, config)
      listeners.push(await answerDatagrams(dead, 53, 'the container'))
      const asked = () => askDatagram(outside, hostSeen.v4, 5353, { source: 40_000 })
      expect(await asked()).toBe('the container')
      await host.remove(dead)
      listeners.push(await answerDatagrams(host, 5353, 'the host'))
      await host.ok('nft', ['delete element inet vethwork ports4-all { udp . 5353 }'])
      expect(await asked()).toBeUndefined()
    }, 60_000)
  },
)
