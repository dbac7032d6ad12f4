// What a runtime says is answered by the small program; the whole one starts only for what is not in it.
import { closeSync, openSync, readSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { configOf } from '../helpers/modes.ts'
import { executable } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes, succeeded } from '../helpers/scene.ts'

/** The section that the loader takes into memory (src/quickjs/host.c). */
const requireQuickJs = () => {
  const start = Buffer.alloc(8 << 20)
  const file = openSync(executable, 'r')
  readSync(file, start)
  closeSync(file)
  return start.includes('\0.heap\0') ? undefined : 'an executable with QuickJS in it'
}

const open = scenes(afterEach)
const built = requireBuild()
const ready = given(requireRoot(), built ?? requireQuickJs(), requireTool('nft'), requireKernel('bridge'))
const env = { VETHWORK_TRACE: '1' }
const steps = (stderr: string): string[] =>
  stderr
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).step)

ready('which program answers', () => {
  test.each(['nat', 'local'] as const)('%s: every verb, with the results of ADD', async mode => {
    const { host, runtime } = await open({ env })
    const container = await host.container()
    // Its MAC has a number that begins with zero, as others' times and prefixes have.
    const config = configOf(mode, 'dual')
    const added = await runtime.add(container, config)
    expect(added.stdout).toMatch(/:0\d/)
    const calls = [
      added,
      await runtime.check(container, config),
      await runtime.gc(config),
      await cni(host, { command: 'STATUS', config, env }),
      await runtime.del(container, config),
    ]
    for (const ran of calls) {
      succeeded(ran)
      expect(steps(ran.stderr)).toContain('started')
      expect(steps(ran.stderr)).not.toContain('handed over')
    }
  })

  test('what is no JSON goes to the whole one, which says where', async () => {
    const { host } = await open()
    const container = await host.container()
    const config = '{"cniVersion": "1.1.0", "name": "web", "type": "vethwork", "mtu": 01}'
    const ran = await cni(host, { command: 'ADD', config, container, env })
    expect(steps(ran.stderr)).toEqual(expect.arrayContaining(['handed over', 'started']))
    expect(ran.json).toMatchObject({ code: 6 })
  })
})
