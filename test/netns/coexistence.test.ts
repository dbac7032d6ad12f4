// FORWARD lets nothing pass that no rule accepts, as Docker leaves it (pain 8): the network works all the same, new
// connections from outside do not get in, and all of it goes again.
import { afterEach, expect, test } from '@jest/globals'
import { all, answers, closings, filterRules, shell, withoutJumps } from '../helpers/firewalls.ts'
import type { Container } from '../helpers/host.ts'
import { beyond, configOf, hostSeen, subnets } from '../helpers/modes.ts'
import type { Netns } from '../helpers/netns.ts'
import { connect, listen, sourceSeenBy } from '../helpers/packets.ts'
import { pairOn } from '../helpers/pair.ts'
import { executable } from '../helpers/plugins.ts'
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

const prune = ({ host }: { host: { sh: Netns['sh']; stateDir: string } }) =>
  host.sh(executable, ['prune'], { env: { VETHWORK_STATE_DIR: host.stateDir } })

/** The outside knows the way to the containers: what does not come in was refused. */
const routed = (outside: Netns) =>
  outside.batch(`route add ${subnets.v4} via ${hostSeen.v4}`, `route add ${subnets.v6} via ${hostSeen.v6}`)

/** For a moment, to see that the way in is there. */
const letAllIn = (closing: readonly string[], verb: '-I' | '-D') =>
  ['iptables', 'ip6tables'].map(
    command => `${command}-${closing[0]!.includes('legacy') ? 'legacy' : 'nft'} ${verb} FORWARD -j ACCEPT`,
  )

for (const [name, closing] of Object.entries(closings))
  ready(`FORWARD closed: ${name}`, () => {
    test('out and back; not in; CHECK notices; the next ADD mends; prune leaves what was there', async () => {
      const opened = await open()
      const { host, runtime, del } = opened
      await shell(host, closing)
      const before = await filterRules(host)
      const { one, two, outside, there } = await pairOn(opened, config)
      await routed(outside)
      const inside = Object.values(there)

      expect(await answers(one, [...far, ...inside])).toEqual(all([...far, ...inside], true))
      for (const family of ['v4', 'v6'] as const)
        expect(await sourceSeenBy(outside, one, beyond[family])).toBe(hostSeen[family])
      expect(await answers(outside, inside, 1)).toEqual(all(inside, false))
      await shell(host, letAllIn(closing, '-I'))
      expect(await answers(outside, inside)).toEqual(all(inside, true))
      await shell(host, letAllIn(closing, '-D'))
      succeeded(await runtime.check(one, config))

      await shell(host, [withoutJumps])
      expect(await answers(one, far, 1)).toEqual(all(far, false))
      expect(failed(await runtime.check(one, config))).toMatchObject({
        code: 106,
        msg: expect.stringMatching(/let (FORWARD|DOCKER-USER) jump to VETHWORK-/),
      })
      const third = await host.container()
      await opened.add(third, config)
      expect(await answers(one, far)).toEqual(all(far, true))
      succeeded(await runtime.check(one, config))

      for (const container of [one, two, third]) await del(container, config)
      await del(third, config)
      expect(await prune(opened)).toMatchObject({ exitCode: 0, stderr: '' })
      expect(await filterRules(host)).toEqual(before)
    }, 120_000)
  })

ready('FORWARD closed', () => {
  test('the jump stands in DOCKER-USER where there is one, else first in FORWARD', async () => {
    for (const [closing, parent] of [
      [closings['as Docker leaves it'], 'DOCKER-USER'],
      [closings['REJECT at the end'], 'FORWARD'],
    ] as const) {
      const { host, add } = await open()
      await shell(host, closing)
      await add(await host.container(), config)
      const rules = await filterRules(host)
      const [first] = rules.filter(line => line.startsWith(`iptables-nft-save -A ${parent} `))
      expect(first).toContain('-j VETHWORK-')
      expect(rules.filter(line => line.includes('-j VETHWORK-'))).toHaveLength(2) // one a family
    }
  }, 60_000)

  test('what is published by DNAT comes in', async () => {
    const opened = await open()
    const { host } = opened
    await shell(host, closings['policy DROP, iptables-nft'])
    const { one, outside, here } = await pairOn(opened, config)
    const listener = await listen(one, 80, 'hello')
    const publish = `table ip others { chain pre { type nat hook prerouting priority dstnat; tcp dport 8080 dnat to ${here.v4}:80; }; }`
    await host.ok('nft', [publish])
    expect(await connect(outside, hostSeen.v4, 8080)).toBe('hello\n')
    await host.ok('nft', ['delete table ip others'])
    expect(await connect(outside, hostSeen.v4, 8080, 1)).toBeUndefined()
    await listener.stop()
  }, 60_000)

  test('what an admin refuses before our jump stays refused', async () => {
    const opened = await open()
    const { host } = opened
    await shell(host, closings['policy DROP, iptables-nft'])
    const { one, two, here } = await pairOn(opened, config)
    expect(await answers(two, [beyond.v4])).toEqual({ [beyond.v4]: true })
    await host.ok('iptables-nft', ['-I', 'FORWARD', '-s', here.v4, '-j', 'DROP'])
    await opened.add(await host.container(), config)
    expect(await answers(two, [beyond.v4])).toEqual({ [beyond.v4]: true })
    expect(await answers(one, [beyond.v4], 1)).toEqual({ [beyond.v4]: false })
  }, 60_000)

  test('nothing of ours is put where FORWARD is open, nor where there is no filter table', async () => {
    const { host, add } = await open()
    const container = (await host.container()) as Container
    await add(container, config)
    expect(await host.ok('nft', ['list', 'tables'])).toBe('table inet vethwork\n')
    expect(await host.ok('cat', ['/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'])).toBe('')
    await shell(host, ['iptables-nft -A FORWARD -s 203.0.113.0/24 -j DROP'])
    await add(await host.container(), config)
    expect((await filterRules(host)).filter(line => line.includes('VETHWORK'))).toEqual([])
  }, 60_000)

  test('1 and 12 containers have the same rules', async () => {
    const { host, add } = await open()
    await shell(host, closings['policy DROP, iptables-legacy'])
    const [first, ...others] = await host.containers(12)
    await add(first!, config)
    const rules = await filterRules(host)
    for (const container of others) await add(container, config)
    expect(await filterRules(host)).toEqual(rules)
    expect(rules.filter(line => line.includes('VETHWORK'))).not.toEqual([])
  }, 120_000)
})
