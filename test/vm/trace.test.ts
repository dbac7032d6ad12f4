// vethwork trace on networks for which a kernel must have 802.1Q, GRE and ipvlan, and on a bridge that knows VLANs.
import { afterEach, expect, test } from '@jest/globals'
import { cli } from '../helpers/cli.ts'
import type { Container } from '../helpers/host.ts'
import { configOf } from '../helpers/modes.ts'
import { pings } from '../helpers/packets.ts'
import { given, requireBuild, requireKernel, requireRoot } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'
import { stock } from '../helpers/spanning-modes.ts'
import { isTracedAcross } from '../helpers/tracing.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireKernel('vlan'),
  requireKernel('gretap'),
  requireKernel('ip6gretap'),
  requireKernel('ipvlan'),
)

ready('trace', () => {
  test(
    'between hosts',
    () =>
      isTracedAcross(open, stock, {
        vlan: /leaves by eth1\.100/,
        gre: /leaves by gre\w+, and inside of it by eth1 to 192\.0\.2\.2/,
        'gre, IPv6': /leaves by gre\w+, and inside of it by eth1 to 2001:db8::2/,
        'ipvlan l2': /leaves by eth1/,
      }),
    240_000,
  )

  test('a port in another VLAN of the bridge', async () => {
    const { host, add } = await open()
    const [one, two] = (await host.containers(2)) as [Container, Container]
    const config = configOf('ipMasq by nftables', 'dual', { vlan: 100 })
    await add(one, config)
    const { json } = await add(two, config)
    const asked = () => cli(host, ['trace', one.id, two.id])
    expect(await pings(one, '10.44.0.3')).toBe(true)
    expect(await asked()).toMatchObject({ exitCode: 0 })
    expect((await cli(host, ['trace', one.id, '10.44.0.1'])).stdout).toMatch(/\ndelivered to .*\.100,/)
    const port = json.interfaces[1].name
    await host.ok('bridge', ['vlan', 'del', 'dev', port, 'vid', '100'])
    expect(await pings(one, '10.44.0.3', 1)).toBe(false)
    const { exitCode, stdout } = await asked()
    expect({ exitCode, stdout }).toEqual({
      exitCode: 1,
      stdout: expect.stringMatching(new RegExp(`\\ndropped at ${port} because it is not in VLAN 100`)),
    })
  }, 60_000)
})
