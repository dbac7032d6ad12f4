// Who reaches whom, proven with packets; and that without what makes it so, it is not so.
import { afterEach, expect, test } from '@jest/globals'
import type { Container } from '../helpers/host.ts'
import { beyond, configOf, eachOf, families, hostSeen } from '../helpers/modes.ts'
import { capture, connect, listen, pings, sourceSeenBy } from '../helpers/packets.ts'
import { pairOn } from '../helpers/pair.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes, succeeded } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('tcpdump'),
  requireTool('arping'),
  requireKernel('bridge'),
)

const pair = async (config: ReturnType<typeof configOf>) => pairOn(await open(), config)

ready('nat', () => {
  for (const family of families)
    test(`${family}: not without forwarding, not without masquerade`, async () => {
      const { host, runtime, one, outside } = await pair(configOf('nat', family))
      const seen = async () => {
        const answers: Record<string, string | undefined> = {}
        for (const which of eachOf(family)) answers[which] = await sourceSeenBy(outside, one, beyond[which])
        return answers
      }
      const all = (value: (which: 'v4' | 'v6') => string | undefined) =>
        Object.fromEntries(eachOf(family).map(which => [which, value(which)]))
      expect(await seen()).toEqual(all(which => hostSeen[which]))

      const forward = (value: string) =>
        host.ok('sh', [
          '-c',
          `for f in ipv4/ip_forward ipv6/conf/all/forwarding; do echo ${value} >/proc/sys/net/$f; done`,
        ])
      await forward('0')
      expect(await seen()).toEqual(all(() => undefined))
      await forward('1')
      expect(await seen()).toEqual(all(which => hostSeen[which]))

      await host.ok('nft', ['flush', 'table', 'inet', 'vethwork'])
      expect(await seen()).toEqual(all(() => undefined))
      // The next ADD mends what the network shares.
      succeeded(await runtime.add(await host.container(), configOf('nat', family)))
      expect(await seen()).toEqual(all(which => hostSeen[which]))
    }, 90_000)
})

ready('local', () => {
  test('neither host nor outside, by no address', async () => {
    const config = configOf('local', 'dual')
    const { host, one, two, here, there, bridge } = await pair(config)
    for (const which of ['v4', 'v6'] as const) expect(await pings(one, there[which])).toBe(true)

    // The host has an address of the same subnet elsewhere, forwards, and listens.
    await host.batch(
      'link add near0 type veth peer name near1',
      'addr add 10.44.0.200/24 dev near0',
      'addr add fd00:44::200/64 dev near0 nodad',
      'link set near1 up',
      'link set near0 up',
    )
    await host.ok('sh', [
      '-c',
      'for f in ipv4/ip_forward ipv6/conf/all/forwarding; do echo 1 >/proc/sys/net/$f; done',
    ])
    await one.batch(
      'route add 198.51.100.0/24 via 10.44.0.200',
      'route add 2001:db8:51::/64 via fd00:44::200',
    )
    const listener = await listen(host, 7070)
    try {
      const targets = [
        '10.44.0.200',
        'fd00:44::200',
        '198.51.100.1',
        '2001:db8:51::1',
        '198.51.100.2',
        '2001:db8:51::2',
      ]
      const reached = await Promise.all(
        targets.map(async target => [
          target,
          (await pings(one, target, 2)) || (await connect(one, target, 7070, 1)),
        ]),
      )
      expect(reached).toEqual(targets.map(target => [target, undefined]))
      // Nor does the host answer for its addresses (ARP), nor have any on the bridge.
      expect((await one.sh('arping', ['-c', '2', '-w', '2', '-I', 'eth0', '10.44.0.200'])).exitCode).not.toBe(
        0,
      )
      const addresses = (await host.ip(`addr show dev ${bridge}`))[0].addr_info
      expect(addresses).toEqual([])
      const everyone = await one.sh('ping', ['-n', '-c2', '-W1', 'ff02::1%eth0'])
      const { address } = (await host.ip(`link show dev ${bridge}`))[0]
      const { address: peer } = (await two.ip('link show dev eth0'))[0]
      expect({
        bridge: everyone.stdout.includes(linkLocal(address)),
        peer: everyone.stdout.includes(linkLocal(peer)),
      }).toEqual({
        bridge: false,
        peer: expect.any(Boolean),
      })
      for (const which of ['v4', 'v6'] as const) expect(await pings(host, here[which], 1)).toBe(false)
      for (const which of ['v4', 'v6'] as const) expect(await pings(one, there[which])).toBe(true)
    } finally {
      await listener.stop()
    }
  }, 90_000)
})

/** What an interface calls itself, given its MAC (RFC 4291 appendix A). */
const linkLocal = (mac: string) => {
  const bytes = mac.split(':').map(byte => Number.parseInt(byte, 16))
  const group = (high: number, low: number) => ((high << 8) | low).toString(16)
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes
  return `fe80::${group(a ^ 2, b)}:${group(c, 0xff)}:${group(0xfe, d)}:${group(e, f)}`
}

ready('announcement', () => {
  const heard: Record<'v4' | 'v6', [filter: string, says: RegExp]> = {
    v4: ['arp', /(Request who-has|Reply) 10\.44\.0\.3 (\(.*\) )?(tell 10\.44\.0\.3|is-at 02:42:0a:2c:00:03)/],
    v6: ['icmp6 and ip6[40]=136', /fd00:44::3 > ff02::1: .*neighbor advertisement, tgt is fd00:44::3/],
  }
  for (const family of families)
    test(`${family}: the neighbours hear of the new address at once`, async () => {
      const { host, add } = await open()
      const [first, second] = (await host.containers(2)) as [Container, Container]
      const config = configOf('nat', family)
      const bridge = (await add(first, config)).json.interfaces[0].name
      const which = eachOf(family)
      const captures = await Promise.all(which.map(one => capture(host, bridge, heard[one][0])))
      await add(second, config)
      for (const [n, one] of which.entries()) await captures[n]!.seen(heard[one][1])
      const lines = await Promise.all(captures.map(one => one.stop()))
      for (const [n, one] of which.entries())
        expect(lines[n]).toContainEqual(expect.stringMatching(heard[one][1]))
    }, 60_000)
})
