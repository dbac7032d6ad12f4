// Rates of containers that have no end on the host: they are shaped inside.
import { afterEach, expect, test } from '@jest/globals'
import { lan } from '../helpers/hosts.ts'
import { expectRate } from '../helpers/rate.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'
import { plugIn } from '../helpers/spanning.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('tc'),
  requireKernel('ifb'),
  requireKernel('macvlan'),
  requireKernel('ipvlan'),
)

const RATES = { ingressRate: 4e6, ingressBurst: 4294967295, egressRate: 8e6, egressBurst: 4294967295 }

ready('shaped inside', () => {
  for (const mode of ['macvlan', 'ipvlan'] as const)
    test(`${mode}: both ways, CHECK, DEL`, async () => {
      const [here, there] = (await lan(open)).sites
      const slow = {
        fields: () => ({ mode, master: 'eth1', ...RATES }),
        mtu: 1500,
        wire: ['icmp', /./] as const,
      }
      const free = { ...slow, fields: () => ({ mode, master: 'eth1' }) }
      const [one, other] = [await plugIn(here, slow as never), await plugIn(there, free as never)]
      await expectRate(RATES.ingressRate, other.container, one.container, one.v4)
      await expectRate(RATES.egressRate, one.container, other.container, other.v4)
      const check = () => here.runtime.check(one.container, one.config)
      succeeded(await check())
      await one.container.ok('tc', ['qdisc', 'del', 'dev', 'eth0', 'root'])
      expect(failed(await check())).toMatchObject({ code: 106 })
      await here.del(one.container, one.config)
      const left = await one.container.ip('link')
      expect(
        left
          .map(({ ifname }: { ifname: string }) => ifname)
          .filter((name: string) => /^(eth|ifb)/.test(name)),
      ).toEqual([])
      expect(await here.host.ip('link show type ifb')).toEqual([])
    }, 300_000)
})
