// Every step fails once where FORWARD is closed, and where somebody flushed the rules: a failed ADD leaves nothing of
// itself, and nothing in the way of the next one.
import { afterEach, expect, test } from '@jest/globals'
import { eachFault } from '../helpers/eachfault.ts'
import { faultyTools } from '../helpers/faults.ts'
import { filterRules, shell } from '../helpers/firewalls.ts'
import type { Container } from '../helpers/host.ts'
import { configOf } from '../helpers/modes.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('iptables-nft'),
  requireTool('iptables-legacy'),
  requireKernel('bridge'),
)

ready('each step of ADD fails once', () => {
  test('FORWARD closed in both kinds of iptables', async () => {
    const config = configOf('nat', 'dual')
    const { host, runtime, add, del, remember } = await open()
    await shell(host, ['iptables-nft -P FORWARD DROP', 'ip6tables-legacy -P FORWARD DROP'])
    const container = await host.container()
    const faults = faultyTools(host.directory)
    const [before, rules] = [await remember(), await filterRules(host)]
    const attempt = () => runtime.add(container, config, { env: faults.env })
    await eachFault(faults, 'refused', attempt, async ran => {
      if (ran.exitCode === 0) {
        succeeded(await runtime.check(container, config))
        return del(container, config)
      }
      expect(failed(ran).code).not.toBe(199)
      await before.expectSame(container)
      expect(await filterRules(host)).toEqual(rules)
    })
    succeeded(await runtime.check(container, config))
    await del(container, config)
    await add(container, config)
  }, 300_000)

  test('rules were flushed: what was mended for others stays', async () => {
    const config = configOf('macspoofchk', 'v4')
    const { host, runtime, add, del } = await open()
    const [resident, container] = (await host.containers(2)) as [Container, Container]
    await add(resident, config)
    const faults = faultyTools(host.directory)
    const attempt = async () => {
      await host.ok('nft', ['flush', 'ruleset'])
      return runtime.add(container, config, { env: faults.env })
    }
    let mended = 0
    await eachFault(faults, 'refused', attempt, async ran => {
      if (ran.exitCode === 0) return del(container, config)
      const { msg } = failed(ran)
      const isWhole = (await runtime.check(resident, config)).exitCode === 0
      if (isWhole) mended += 1
      // What failed after the rules were mended has not taken them back.
      if (/cable|eth0|address|route/.test(msg)) expect({ msg, isWhole }).toEqual({ msg, isWhole: true })
      await add(container, config)
      succeeded(await runtime.check(resident, config))
      await del(container, config)
    })
    expect(mended).toBeGreaterThan(3)
  }, 300_000)
})
