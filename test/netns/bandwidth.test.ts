// Called `bandwidth`, behind another plugin: the reference plugin's configurations, the rates that it gives, its traces taken away.
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { type CniRan, cni } from '../helpers/cni.ts'
import { eachFault } from '../helpers/eachfault.ts'
import { faultyTools } from '../helpers/faults.ts'
import { beyond } from '../helpers/modes.ts'
import { executable, referenceDir } from '../helpers/plugins.ts'
import { expectRate } from '../helpers/rate.ts'
import {
  given,
  requireBuild,
  requireFile,
  requireKernel,
  requireRoot,
  requireTool,
} from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'

const open = scenes(afterEach)
const common = [
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('tc'),
  requireKernel('bridge'),
  requireKernel('ifb'),
]

const rates = { ingressRate: 20e6, ingressBurst: 2e6, egressRate: 40e6, egressBurst: 2e6 }
const address = '10.44.0.2'

/** A container on a network of the reference or of ours, and whoever is called `bandwidth` behind it. */
const chained = async (first: 'reference' | 'ours', second: 'reference' | 'ours' = 'ours') => {
  const opened = await open()
  const { host } = opened
  const [container, outside] = [await host.container(), await host.outside()]
  await outside.batch('route add 10.44.0.0/24 via 198.51.100.1')
  const directory = `${host.directory}/chained`
  mkdirSync(directory)
  symlinkSync(executable, `${directory}/bandwidth`)
  const list = { cniVersion: second === 'ours' && first === 'ours' ? '1.1.0' : '1.0.0', name: 'slow' }
  const network =
    first === 'ours'
      ? { ...list, type: 'vethwork', mode: 'nat', subnet: '10.44.0.0/24' }
      : {
          ...list,
          type: 'bridge',
          bridge: 'vwtbr0',
          isDefaultGateway: true,
          ipMasq: true,
          ipam: { type: 'host-local', subnet: '10.44.0.0/24', dataDir: `${host.directory}/leases` },
        }
  const made = await cni(host, {
    command: 'ADD',
    config: network,
    container,
    binary: first === 'ours' ? executable : `${referenceDir}/bridge`,
    env: { CNI_PATH: referenceDir },
  })
  succeeded(made)
  const binary = second === 'ours' ? `${directory}/bandwidth` : `${referenceDir}/bandwidth`
  const call = (command: string, fields: object = rates, more: object = {}) =>
    cni(host, {
      command,
      container,
      binary,
      config: { ...list, type: 'bandwidth', ...fields },
      prevResult: made.json,
      ...more,
    })
  const [{ ifname: port }] = (await host.ip('link show type veth')).filter(
    ({ master }: { master?: string }) => master,
  )
  const queues = () => host.ok('tc', ['qdisc', 'show', 'dev', port])
  const ifbs = async () => (await host.ip('link show type ifb')) as { ifname: string }[]
  return { ...opened, container, outside, made, call, port: port as string, queues, ifbs, network }
}

const expectNothing = async ({ queues, ifbs }: Awaited<ReturnType<typeof chained>>) => {
  expect(await queues()).toMatch(/^qdisc noqueue 0: root refcnt \d+ *\n$/)
  expect(await ifbs()).toEqual([])
}

given(...common, requireFile(`${referenceDir}/bandwidth`))('as the reference', () => {
  const measured = async (second: 'reference' | 'ours') => {
    const all = await chained('reference', second)
    const { container, outside, call } = all
    succeeded(await call('ADD'))
    await expectRate(rates.ingressRate, outside, container, address)
    await expectRate(rates.egressRate, container, outside, beyond.v4)
    succeeded(await call('CHECK'))
    succeeded(await call('DEL'))
    return all
  }

  test('the same rates behind its bridge, and nothing is left', async () => {
    await measured('reference')
    await expectNothing(await measured('ours'))
  }, 120_000)

  test('a rate without a burst, and a burst without a rate, are refused by both', async () => {
    for (const second of ['reference', 'ours'] as const) {
      const { call } = await chained('reference', second)
      failed(await call('ADD', { ingressRate: 1e6 }))
      failed(await call('ADD', { egressBurst: 1e6 }))
    }
  }, 60_000)

  test('no rates: prevResult, and nothing is made', async () => {
    const said: CniRan[] = []
    for (const second of ['reference', 'ours'] as const) {
      const all = await chained('reference', second)
      const ran = await all.call('ADD', {})
      succeeded(ran)
      expect(ran.json.ips).toEqual(all.made.json.ips)
      await expectNothing(all)
      said.push(ran)
    }
    expect(said[1]?.json.interfaces.length).toBe(said[0]?.json.interfaces.length)
  }, 60_000)
})

given(...common)('behind ours', () => {
  test('ADD, CHECK, DEL, and DEL again', async () => {
    const all = await chained('ours')
    const { call, made, queues, ifbs } = all
    const added = await call('ADD')
    succeeded(added)
    expect(added.json).toEqual(made.json)
    expect(await queues()).toMatch(/^qdisc htb 7e: root/)
    expect(await ifbs()).toHaveLength(1)
    succeeded(await call('CHECK'))
    succeeded(await call('DEL'))
    await expectNothing(all)
    succeeded(await call('DEL', rates, { prevResult: undefined, netns: '' }))
  }, 60_000)

  test('STATUS', async () => {
    const { call } = await chained('ours')
    succeeded(await call('STATUS'))
  }, 60_000)

  test('another rate in a second ADD', async () => {
    const { call, host, port, ifbs } = await chained('ours')
    succeeded(await call('ADD'))
    const other = { ...rates, ingressRate: 30e6, egressRate: 50e6 }
    expect(failed(await call('CHECK', other))).toMatchObject({ code: 106 })
    succeeded(await call('ADD', other))
    succeeded(await call('CHECK', other))
    expect(await host.ok('tc', ['class', 'show', 'dev', port])).toContain(' rate 30Mbit ')
    const [ifb] = await ifbs()
    expect(await host.ok('tc', ['class', 'show', 'dev', ifb!.ifname])).toContain(' rate 50Mbit ')
  }, 60_000)

  test('DEL after the container, by what is remembered, and by the marks alone', async () => {
    for (const isRemembered of [true, false]) {
      const { call, host, container, ifbs } = await chained('ours')
      succeeded(await call('ADD'))
      await host.remove(container)
      if (!isRemembered) rmSync(host.stateDir, { recursive: true })
      expect(await ifbs()).toHaveLength(1)
      succeeded(await call('DEL', {}, { prevResult: undefined, netns: '' }))
      expect(await ifbs()).toEqual([])
    }
  }, 60_000)

  test('GC', async () => {
    const { call, host, container, ifbs } = await chained('ours')
    succeeded(await call('ADD'))
    await host.remove(container)
    succeeded(await call('GC', { 'cni.dev/valid-attachments': [] }))
    expect(await ifbs()).toEqual([])
  }, 60_000)

  test('prune keeps the ifb of a cable that is there', async () => {
    const { call, host, ifbs } = await chained('ours')
    succeeded(await call('ADD'))
    await host.ok(executable, ['prune'], { env: { VETHWORK_STATE_DIR: host.stateDir } })
    expect(await ifbs()).toHaveLength(1)
  }, 60_000)

  test('somebody else shapes already: refused, and his stays', async () => {
    const { call, host, port, queues, ifbs } = await chained('ours')
    await host.ok('tc', `qdisc add dev ${port} root tbf rate 5mbit burst 16kb latency 25ms`.split(' '))
    const before = await queues()
    expect(failed(await call('ADD'))).toMatchObject({
      code: 104,
      msg: expect.stringMatching(`'${port}' has a queueing discipline already: tbf`),
    })
    expect(await queues()).toBe(before)
    expect(await ifbs()).toEqual([])
  }, 60_000)

  test('somebody else’s filters stay', async () => {
    const { call, host, port } = await chained('ours')
    const filters = () => host.ok('tc', ['filter', 'show', 'dev', port, 'ingress'])
    await host.ok('tc', `qdisc add dev ${port} clsact`.split(' '))
    const foreign = `filter add dev ${port} ingress protocol ip prio 7 u32 match ip dst 192.0.2.1/32 flowid 1:1`
    await host.ok('tc', foreign.split(' '))
    const before = await filters()
    succeeded(await call('ADD'))
    succeeded(await call('CHECK'))
    succeeded(await call('DEL'))
    expect(await filters()).toBe(before)
  }, 60_000)

  for (const kind of ['refused', 'garbled', 'killed'] as const)
    test(`each op fails once (${kind}): as before`, async () => {
      const all = await chained('ours')
      const faults = faultyTools(all.host.directory)
      const attempt = async (): Promise<CniRan> => {
        await all.call('DEL')
        return all.call('ADD', rates, { env: faults.env })
      }
      await eachFault(faults, kind, attempt, async ran => {
        if (ran.exitCode === 0) return
        failed(ran)
        await expectNothing(all)
      })
    }, 120_000)
})
