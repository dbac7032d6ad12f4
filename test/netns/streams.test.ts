// stdin, stdout and stderr as nobody would wish them: closed, full, endless.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { atOnce } from '../helpers/crowd.ts'
import { type Container, type Host, testHost } from '../helpers/host.ts'
import { executable } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { succeeded } from '../helpers/scene.ts'
import { mentions } from '../helpers/snapshot.ts'

let host: Host
let container: Container
beforeAll(async () => {
  host = await testHost()
}, 30_000)
beforeEach(async () => {
  container = await host.container()
}, 30_000)
afterAll(async () => {
  await host?.dispose()
}, 30_000)

const config = {
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: 'web',
  mode: 'nat',
  ipam: { type: 'vethwork-ipam', subnet: '10.44.0.0/24' },
}

const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('setsid'),
  requireKernel('bridge'),
)

ready('open, closed and full', () => {
  /** A call whose streams a shell has prepared. */
  const shell = (script: string, env: Record<string, string> = {}, input = JSON.stringify(config)) =>
    host.sh('sh', ['-c', script.replaceAll('PLUGIN', executable)], {
      env: {
        CNI_COMMAND: 'ADD',
        CNI_CONTAINERID: container.id,
        CNI_NETNS: container.path,
        CNI_IFNAME: 'eth0',
        CNI_PATH: '/',
        VETHWORK_STATE_DIR: host.stateDir,
        ...env,
      },
      input,
      timeout: 60_000,
    })
  const del = () => cni(host, { command: 'DEL', config, container })

  test('stdin closed, a directory, a terminal that is none', async () => {
    expect(JSON.parse((await shell('PLUGIN <&-')).stdout)).toMatchObject({ code: 6 })
    expect(JSON.parse((await shell('PLUGIN </')).stdout)).toMatchObject({
      code: 5,
      msg: expect.stringMatching(/stdin/),
    })
    expect((await shell('setsid -w PLUGIN </dev/null')).exitCode).toBe(1)
    expect((await shell('PLUGIN <&-', { CNI_COMMAND: 'VERSION' })).exitCode).toBe(0)
  }, 30_000)

  test('stdout full or broken: an error, and DEL takes all away', async () => {
    for (const script of ['PLUGIN >/dev/full', '{ PLUGIN; echo $? >&2; } | true']) {
      const ran = await shell(script)
      expect(ran.exitCode || Number(/(\d+)\s*$/.exec(ran.stderr)?.[1])).toBe(1)
      succeeded(await del())
    }
    await shell('PLUGIN >&-') // nobody to tell; at least nothing hangs
    succeeded(await del())
    expect(await container.ip('link')).toHaveLength(1)
    expect(mentions(host.stateDir, container.id)).toEqual([])
  }, 60_000)

  test('stderr closed', async () => {
    expect((await shell('PLUGIN 2>&-')).exitCode).toBe(0)
    succeeded(await del())
  }, 30_000)

  test('60 megabytes on stdin', async () => {
    const blanks = await shell('{ cat; head -c 60000000 /dev/zero | tr "\\0" " "; } | PLUGIN')
    expect(blanks.exitCode).toBe(0)
    succeeded(await del())
    const nonsense = await shell(
      '{ printf "{\\"name\\": \\""; head -c 60000000 /dev/zero | tr "\\0" x; } | PLUGIN',
    )
    expect(nonsense.stdout.length).toBeLessThan(1000)
    expect(JSON.parse(nonsense.stdout)).toMatchObject({ code: 6 })
    const name = await shell(
      '{ printf "{\\"name\\": \\"/"; head -c 1000000 /dev/zero | tr "\\0" x; echo "\\"}"; } | PLUGIN',
    )
    expect(JSON.parse(name.stdout)).toMatchObject({ code: 7 })
  }, 180_000)

  test('JSON ten thousand levels deep', async () => {
    const input = `{"name":"web","x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`
    const ran = await shell('PLUGIN', {}, input)
    expect([2, 6, 7]).toContain(JSON.parse(ran.stdout).code)
  }, 30_000)

  test('few files may be opened', async () => {
    expect((await shell('ulimit -n 40; PLUGIN')).exitCode).toBe(0)
    succeeded(await del())
  }, 30_000)

  test('two hundred VERSIONs, forty at a time', async () => {
    const calls = Array.from({ length: 200 }, (_, n) => n)
    const ran = await atOnce(40, calls, () => cni(host, { command: 'VERSION', config: '{}' }))
    expect(new Set(ran.map(({ stdout, stderr, exitCode }) => `${exitCode}${stderr}${stdout}`)).size).toBe(1)
    expect(ran[0]!.exitCode).toBe(0)
  }, 60_000)
})
