// Somebody flushes our rules (pain 7), as firewalls do when they are loaded anew: CHECK of each container notices, and
// the next ADD mends what the network shares and what its living containers had in it.
import { afterEach, expect, test } from '@jest/globals'
import { answerDatagrams, askDatagram } from '../helpers/datagrams.ts'
import { answers, closings, shell } from '../helpers/firewalls.ts'
import type { Container, Host } from '../helpers/host.ts'
import { beyond, configOf, hostSeen, networkName } from '../helpers/modes.ts'
import { connect, type Listener, listen, pings } from '../helpers/packets.ts'
import { dns, type Mapping, web as publishedWeb, publishing } from '../helpers/portmappings.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'

const open = scenes(afterEach)
const listeners: Listener[] = []
afterEach(async () => {
  await Promise.all(listeners.splice(0).map(one => one.stop()))
})
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('conntrack'),
  requireTool('iptables-nft'),
  requireKernel('bridge'),
)

/** Comments of the elements in a set: whose they are. */
const owners = async (host: Host, set: string): Promise<string[]> => {
  const { nftables } = JSON.parse(await host.ok('nft', ['-j', 'list', 'set', 'bridge', 'vethwork', set]))
  const [{ set: listed }] = nftables.filter((one: object) => 'set' in one)
  return (listed.elem ?? []).map((one: { elem: { comment: string } }) => one.elem.comment).sort()
}
const ports = `macspoofchk-ports/${networkName}`
const ownerOf = ({ id }: Container, network = networkName) => `${network}/${id}/eth0`

ready('rules that somebody flushed', () => {
  test('nft flush ruleset: the next ADD makes them anew, for all containers that live', async () => {
    const config = configOf('macspoofchk', 'dual')
    const { host, runtime, add, del } = await open()
    const outside = await host.outside()
    const [one, two, dead, third] = (await host.containers(4)) as [Container, Container, Container, Container]
    for (const container of [one, two, dead]) await add(container, config)
    await host.remove(dead)
    expect(await pings(one, beyond.v4)).toBe(true)

    await host.ok('nft', ['flush', 'ruleset'])
    expect(await answers(one, Object.values(beyond), 1)).toEqual({ [beyond.v4]: false, [beyond.v6]: false })
    for (const container of [one, two])
      expect(failed(await runtime.check(container, config))).toMatchObject({ code: 106 })

    await add(third, config)
    expect(await owners(host, ports)).toEqual([one, two, third].map(each => ownerOf(each)).sort())
    for (const container of [one, two, third]) succeeded(await runtime.check(container, config))
    expect(await answers(one, Object.values(beyond))).toEqual({ [beyond.v4]: true, [beyond.v6]: true })
    // They are in force: a container may not send with a MAC that is not its own.
    await two.batch('link set eth0 address c2:00:00:00:00:01')
    expect(await pings(two, beyond.v4, 1)).toBe(false)

    for (const container of [one, two, third]) await del(container, config)
    expect(await owners(host, ports)).toEqual([])
    expect(outside.name).not.toBe('')
  }, 60_000)

  test('nft flush ruleset: the next ADD, which publishes nothing, makes the ports of the others anew', async () => {
    const { host, runtime, add } = await open()
    const outside = await host.outside()
    const [one, two, dead, next] = (await host.containers(4)) as [Container, Container, Container, Container]
    const plain = configOf('nat', 'dual')
    const configs = new Map([
      [one, publishing([publishedWeb, dns])],
      [two, publishing([{ ...publishedWeb, hostPort: 81 }], { masqAll: true })],
      [dead, publishing([{ ...publishedWeb, hostPort: 82 }])],
    ])
    for (const [container, config] of configs) await add(container, config)
    await host.remove(dead)
    listeners.push(
      await listen(one, 80, 'one'),
      await listen(two, 80, 'two'),
      await answerDatagrams(one, 53, 'dns'),
    )
    const seen = async () => [
      await connect(outside, hostSeen.v4, 8080),
      await connect(outside, hostSeen.v6, 81),
      await askDatagram(outside, hostSeen.v4, 5353),
    ]
    expect(await seen()).toEqual(['one\n', 'two\n', 'dns'])
    await host.ok('nft', ['flush', 'ruleset'])
    expect(await seen()).toEqual([undefined, undefined, undefined])

    await add(next, plain)
    expect(await seen()).toEqual(['one\n', 'two\n', 'dns'])
    for (const container of [one, two]) succeeded(await runtime.check(container, configs.get(container)!))
    expect(await host.ok('nft', ['list', 'ruleset'])).not.toContain(dead.id)
  }, 60_000)

  test('each network mends its own, whoever comes first', async () => {
    const [web, app] = (['web', 'app'] as const).map((name, n) => ({
      ...configOf('macspoofchk', 'v4', { bridge: `br-${name}` }),
      name,
      ipam: { type: 'vethwork-ipam', subnet: `10.4${n}.0.0/24` },
    }))
    const { host, runtime, add } = await open()
    const [one, two, three, four] = (await host.containers(4)) as [Container, Container, Container, Container]
    await add(one, web!)
    await add(two, app!)
    await host.ok('nft', ['flush', 'ruleset'])
    await add(three, web!)
    succeeded(await runtime.check(one, web!))
    expect(failed(await runtime.check(two, app!))).toMatchObject({ code: 106 })
    await add(four, app!)
    for (const [container, config] of [
      [one, web],
      [two, app],
    ] as const)
      succeeded(await runtime.check(container, config!))
    expect(await owners(host, 'macspoofchk-ports/app')).toEqual(
      [two, four].map(each => ownerOf(each, 'app')).sort(),
    )
  }, 60_000)

  test('ports of two networks: an ADD of one does not trip over the other, which mends its own', async () => {
    const [web, app] = (['web', 'app'] as const).map((name, n) => (ports: readonly Mapping[]) => ({
      ...publishing(ports, {}, 'nat', 'v4'),
      name,
      ipam: { type: 'vethwork-ipam', subnet: `10.4${n}.0.0/24` },
    }))
    const { host, runtime, add } = await open()
    const outside = await host.outside()
    const [one, two, three, four] = (await host.containers(4)) as [Container, Container, Container, Container]
    await add(one, web!([publishedWeb]))
    await add(two, app!([{ ...publishedWeb, hostPort: 81 }]))
    listeners.push(await listen(one, 80, 'one'), await listen(two, 80, 'two'))
    await host.ok('nft', ['flush', 'ruleset'])
    await add(three, web!([{ ...publishedWeb, hostPort: 82 }]))
    expect(await connect(outside, hostSeen.v4, 8080)).toBe('one\n')
    succeeded(await runtime.check(one, web!([publishedWeb])))
    await add(four, app!([]))
    expect(await connect(outside, hostSeen.v4, 81)).toBe('two\n')
    succeeded(await runtime.check(two, app!([{ ...publishedWeb, hostPort: 81 }])))
  }, 60_000)

  test('iptables -F and -X: the way through FORWARD is made anew', async () => {
    const config = configOf('nat', 'v4')
    const { host, runtime, add } = await open()
    await shell(host, closings['policy DROP, iptables-nft'])
    const outside = await host.outside()
    const [one, two] = (await host.containers(2)) as [Container, Container]
    await add(one, config)
    expect(await pings(one, beyond.v4)).toBe(true)
    await shell(host, ['iptables-nft -F', 'iptables-nft -X'])
    expect(await pings(one, beyond.v4, 1)).toBe(false)
    expect(failed(await runtime.check(one, config))).toMatchObject({ code: 106 })
    await add(two, config)
    expect(await pings(one, beyond.v4)).toBe(true)
    succeeded(await runtime.check(one, config))
    expect(outside.name).not.toBe('')
  }, 60_000)
})
