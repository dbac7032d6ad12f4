// What no accept of ours can help, is said: a line on stderr at ADD, 51 at STATUS, with the command that mends it.
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { all, answers, shell } from '../helpers/firewalls.ts'
import type { Host } from '../helpers/host.ts'
import { beyond, configOf } from '../helpers/modes.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('iptables-nft'),
  requireTool('iptables-legacy'),
  requireKernel('bridge'),
)
const config = configOf('nat', 'dual')
const far = Object.values(beyond)
const status = (host: Host) => cni(host, { command: 'STATUS', config })

const chain = (rules: string, policy = 'drop', table = 'inet filter') =>
  `table ${table} { chain forward { type filter hook forward priority filter; policy ${policy}; ${rules} }; }`
const established = 'ct state established,related accept;'

const blocking = {
  'policy drop': chain(''),
  'policy drop, answers and another bridge pass': chain(`${established} iifname "br-other" accept;`),
  'policy accept, and a reject at the end': chain(`${established} counter reject;`, 'accept'),
  'in a table of that name which is not of iptables': chain('', 'drop', 'ip filter'),
}

ready('a chain of others drops what goes through the host', () => {
  for (const [name, rules] of Object.entries(blocking))
    test(`${name}: ADD warns, STATUS is 51; the command that they name mends it`, async () => {
      const { host, add } = await open()
      await host.outside()
      await host.ok('nft', [rules])
      const container = await host.container()
      const { stderr } = await add(container, config)
      expect(stderr).toMatch(
        /^vethwork: network 'web.net-1': the nft chain '(inet|ip) filter forward' drops .*\n$/,
      )
      const only4 = rules.startsWith('table ip ')
      const dropped = only4 ? [beyond.v4] : far
      expect(await answers(container, dropped, 1)).toEqual(all(dropped, false))
      const { code, msg, details } = failed(await status(host))
      expect({ code, msg }).toEqual({
        code: 51,
        msg: expect.stringMatching(/^forwarding impossible: the nft chain '(inet|ip) filter forward' drops/),
      })

      const [, command = ''] = /^nft '([^']+)'/.exec(details) ?? []
      await host.ok('nft', [command])
      expect(await answers(container, far)).toEqual(all(far, true))
      succeeded(await status(host))
      expect((await add(await host.container(), config)).stderr).toBe('')
    }, 60_000)

  test('what may let it pass is believed: no warning, STATUS is ready', async () => {
    const { host, add } = await open()
    await host.outside()
    await host.ok('nft', [
      chain('ip saddr 10.0.0.0/8 accept; ip6 saddr fd00::/8 accept; ct state established accept;'),
    ])
    const container = await host.container()
    expect((await add(container, config)).stderr).toBe('')
    expect(await answers(container, far)).toEqual(all(far, true))
    succeeded(await status(host))
  }, 60_000)

  test('it does not concern a network that is not routed', async () => {
    const { host, add } = await open()
    await host.ok('nft', [chain('')])
    expect((await add(await host.container(), configOf('local', 'v4'))).stderr).toBe('')
    succeeded(await cni(host, { command: 'STATUS', config: configOf('local', 'v4') }))
  }, 60_000)
})

ready('iptables-legacy and iptables-nft', () => {
  test('both hold rules: a warning; the way is there through both', async () => {
    const { host, add } = await open()
    await host.outside()
    await shell(host, [
      'iptables-legacy -P FORWARD DROP',
      'iptables-nft -P FORWARD DROP',
      'iptables-legacy -A INPUT -s 203.0.113.1 -j DROP',
      'iptables-nft -A INPUT -s 203.0.113.1 -j DROP',
    ])
    const container = await host.container()
    const { stderr } = await add(container, config)
    expect(stderr).toMatch(
      /^vethwork: network 'web.net-1': iptables-legacy and iptables-nft both hold rules: .*\n$/,
    )
    expect(await answers(container, far)).toEqual(all(far, true))
    succeeded(await status(host))
  }, 60_000)

  test('one of them has nothing but empty tables: no warning', async () => {
    const { host, add } = await open()
    await shell(host, ['iptables-legacy -P FORWARD ACCEPT', 'iptables-nft -A INPUT -s 203.0.113.1 -j DROP'])
    expect((await add(await host.container(), config)).stderr).toBe('')
  }, 60_000)
})
