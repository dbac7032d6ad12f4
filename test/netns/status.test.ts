// STATUS: ready and silent, or 50 with the reason.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Call, cni, type Verb } from '../helpers/cni.ts'
import { type Container, type Host, testHost } from '../helpers/host.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, succeeded } from '../helpers/scene.ts'
import { powerless, readOnlyState, surrounded, without } from '../helpers/surroundings.ts'

let host: Host
let container: Container
beforeAll(async () => {
  host = await testHost()
  container = await host.container()
}, 30_000)
afterAll(async () => {
  await host?.dispose()
}, 60_000)

const ranges = [[{ subnet: '10.44.0.0/24' }], [{ subnet: 'fd00:44::/64' }]]
const config = {
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: 'web',
  mode: 'nat',
  ipam: { type: 'vethwork-ipam', ranges, routes: [{ dst: '192.0.2.0/24', mtu: 1400 }] },
  dns: { nameservers: ['10.44.0.1'] },
}
const call = (command: Verb, more: Partial<Call> = {}) => cni(host, { command, config, container, ...more })
const ready = given(requireRoot(), requireBuild(), requireTool('nft'), requireKernel('bridge'))

ready('STATUS', () => {
  const cases: Record<string, { surroundings: string; says: RegExp }> = {
    'ip is missing': { surroundings: without('ip'), says: /'ip' is not installed/ },
    'nft is missing': { surroundings: without('nft'), says: /'nft' is not installed/ },
    'nsenter is missing': { surroundings: without('nsenter'), says: /'nsenter' is not installed/ },
    'no rights': { surroundings: powerless, says: /CAP_NET_ADMIN and CAP_SYS_ADMIN/ },
    'state that cannot be written': { surroundings: readOnlyState, says: /read-only/ },
  }
  for (const [name, { surroundings, says }] of Object.entries(cases))
    test(`${name}: 50`, async () => {
      const ran = await cni(surrounded(host, surroundings), { command: 'STATUS', config })
      expect(failed(ran)).toMatchObject({
        code: 50,
        msg: expect.stringMatching(says),
        details: expect.stringMatching(/\w/),
      })
    }, 20_000)

  test('rates without tc: by messages it is ready, by programs not', async () => {
    const there = surrounded(host, without('tc'))
    const ask = (driver: string) =>
      cni(there, {
        command: 'STATUS',
        config: { ...config, ingressRate: 20_000_000, ingressBurst: 2_000_000 },
        env: { VETHWORK_NETLINK: driver },
      })
    succeeded(await ask('netlink'))
    expect(failed(await ask('iproute2'))).toMatchObject({ code: 50, msg: "'tc' is not installed" })
  }, 20_000)

  test('ready: 0 and silence, and nothing is made', async () => {
    const ran = await call('STATUS', { config: { ...config, name: 'nobody' } })
    succeeded(ran)
    expect(ran.stdout).toBe('')
    expect((await host.sh('ip', ['link', 'show', 'br-nobody'])).exitCode).toBe(1)
  }, 20_000)

  test('a bridge with 1,023 ports: 50, and ADD says it, too', async () => {
    const numbers = Array.from({ length: 1023 }, (_, n) => n)
    await host.batch(
      'link add br-full type bridge',
      ...numbers.map(n => `link add ifb-${n} master br-full type ifb`),
    )
    const full = { ...config, name: 'full', mode: undefined, bridge: 'br-full' }
    const status = failed(await call('STATUS', { config: full }))
    expect(status).toMatchObject({ code: 50, msg: expect.stringMatching(/'br-full' has 1023 ports/) })
    const added = failed(await call('ADD', { config: full }))
    expect(added).toMatchObject({ code: 105, details: expect.stringMatching(/1,023/) })
    expect(await container.ip('link')).toHaveLength(1)
    await host.ok('ip', ['link', 'del', 'ifb-7'])
    succeeded(await call('STATUS', { config: full }))
    succeeded(await call('ADD', { config: full }))
    succeeded(await call('DEL', { config: full }))
  }, 60_000)
})
