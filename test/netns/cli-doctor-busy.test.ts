// doctor --fix while runtimes call: what ADD has not made yet, and what DEL has just taken away, is not broken.

import { afterEach, expect, test } from '@jest/globals'
import { cli } from '../helpers/cli.ts'
import { configOf } from '../helpers/modes.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(requireRoot(), requireBuild(), requireTool('nft'), requireKernel('bridge'))

ready('doctor --fix', () => {
  test('keeps no ADD and no DEL from what they do, and makes nothing of theirs', async () => {
    const { host, runtime } = await open()
    const config = { ...configOf('nat', 'v4'), ipspoofchk: true }
    const failed: string[] = []
    let running = 3
    const containers = await host.containers(running)
    const calling = containers.map(async container => {
      for (let n = 0; n < 25; n++)
        for (const verb of ['add', 'del'] as const) {
          const { exitCode, stdout } = await runtime[verb](container, config)
          if (exitCode) failed.push(`${verb}: ${stdout}`)
        }
      running--
    })
    const made: unknown[] = []
    const wrong: unknown[] = []
    let rounds = 0
    for (; running && rounds < 100; rounds++) {
      const seen = JSON.parse(
        (await cli(host, ['doctor', ...(rounds % 2 ? [] : ['--fix']), '--json'])).stdout,
      )
      made.push(...(seen.done ?? []))
      wrong.push(...seen.findings.filter(({ severity }: { severity: string }) => severity === 'error'))
    }
    await Promise.all(calling)
    expect({ failed, made, wrong }).toEqual({ failed: [], made: [], wrong: [] })
    expect(rounds).toBeGreaterThan(1)
    expect((await cli(host, ['gc', '--dry-run'])).stdout).toBe('0 to be collected\n')
  }, 120_000)
})
