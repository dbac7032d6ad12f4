// br_netfilter shows iptables and nft what only crosses a bridge (pain 17): it is neither masqueraded nor dropped,
// with and without it.
import { afterEach, expect, test } from '@jest/globals'
import { all, answers, closings, shell, withoutJumps } from '../helpers/firewalls.ts'
import { beyond, configOf, hostSeen, type ModeName } from '../helpers/modes.ts'
import { connect, listen, sourceSeenBy } from '../helpers/packets.ts'
import { pairOn } from '../helpers/pair.ts'
import {
  given,
  requireBuild,
  requireFile,
  requireKernel,
  requireRoot,
  requireTool,
} from '../helpers/requirements.ts'
import { scenes, succeeded } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('iptables-nft'),
  requireFile('/proc/sys/net/bridge/bridge-nf-call-iptables'),
  requireKernel('bridge'),
)

const bridgeNf = (value: 0 | 1) =>
  ['iptables', 'ip6tables'].map(one => `echo ${value} >/proc/sys/net/bridge/bridge-nf-call-${one}`)

for (const value of [0, 1] as const)
  ready(`bridge-nf-call-iptables = ${value}`, () => {
    const modes: ModeName[] = ['nat', 'ipMasq by nftables', 'ipMasq by iptables', 'local']
    for (const mode of modes)
      test(`${mode}, FORWARD open and closed: neighbours see each other's own addresses`, async () => {
        for (const closing of [[], closings['policy DROP, iptables-nft']]) {
          const config = configOf(mode, 'dual')
          const opened = await open()
          const { host, runtime } = opened
          await shell(host, [...bridgeNf(value), ...closing])
          const { one, two, outside, here, there } = await pairOn(opened, config)
          expect(await answers(one, Object.values(there))).toEqual(all(Object.values(there), true))
          const listener = await listen(two, 7007)
          for (const family of ['v4', 'v6'] as const)
            expect((await connect(one, there[family], 7007))?.trim()).toBe(here[family])
          await listener.stop()
          if (mode !== 'local')
            for (const family of ['v4', 'v6'] as const)
              expect(await sourceSeenBy(outside, one, beyond[family])).toBe(hostSeen[family])
          succeeded(await runtime.check(one, config))
        }
      }, 60_000)

    test(`without our rules the policy ${value ? 'stops' : 'does not concern'} neighbours`, async () => {
      const opened = await open()
      const { host } = opened
      await shell(host, [...bridgeNf(value), ...closings['policy DROP, iptables-nft']])
      const { one, there } = await pairOn(opened, configOf('local', 'dual'))
      const peers = Object.values(there)
      expect(await answers(one, peers)).toEqual(all(peers, true))
      await shell(host, [withoutJumps])
      expect(await answers(one, peers, 1)).toEqual(all(peers, value === 0))
    }, 60_000)
  })
