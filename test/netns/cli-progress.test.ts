// Long work says on a terminal how far it is, and nowhere else.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { cli, cliEnv } from '../helpers/cli.ts'
import { atOnce, plugsIn } from '../helpers/crowd.ts'
import { type Host, testHost } from '../helpers/host.ts'
import { executable } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { runtime } from '../helpers/runtime.ts'
import { succeeded } from '../helpers/scene.ts'

const COUNT = 60
const config = { cniVersion: '1.1.0', type: 'vethwork', name: 'web', mode: 'nat', subnet: '10.22.0.0/24' }
/** Programs for what messages would do: slow enough to be watched. */
const slowly = { VETHWORK_NETLINK: 'iproute2' }

const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('script'),
  requireTool('nft'),
  requireKernel('bridge'),
)

ready(`${COUNT} attachments`, () => {
  let host: Host
  beforeAll(async () => {
    host = await testHost()
    const cni = runtime(host)
    await atOnce(4, plugsIn([await host.container()], COUNT), async ({ container, ifname }) =>
      succeeded(await cni.add(container, config, { ifname })),
    )
  }, 120_000)
  afterAll(() => host?.dispose(), 60_000)

  test('on a terminal: a line that changes and goes', async () => {
    const cables: { ifname: string }[] = await host.ip('link show type veth')
    await host.batch(...cables.map(({ ifname }) => `link set ${ifname} nomaster`))
    const { exitCode, stdout } = await host.sh('script', ['-qec', `${executable} repair`, '/dev/null'], {
      env: { ...cliEnv(host), ...slowly, TERM: 'xterm', NO_COLOR: '1' },
      timeout: 120_000,
    })
    const pieces = stdout.split('\r\x1b[K')
    expect(exitCode).toBe(0)
    expect(pieces.length).toBeGreaterThan(2)
    for (const piece of pieces.slice(1, -1)) expect(piece).toMatch(/^repair: \d+ of 60, [0-9a-f]+$/)
    expect(pieces.at(-1)).toMatch(/\n60 looked at, 60 repaired\r?\n$/)
  }, 120_000)

  test('piped: nothing of it', async () => {
    expect(await cli(host, ['repair', '--dry-run'], { env: slowly })).toEqual({
      exitCode: 0,
      stdout: '60 looked at, 0 to be repaired\n',
      stderr: '',
    })
  }, 60_000)
})
