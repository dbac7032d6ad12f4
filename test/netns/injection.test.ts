// No string of a configuration, of the environment or of another plugin's answer means anything to a shell, to ip or to
// nft: what could is refused, and nothing has changed.
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Call, cni } from '../helpers/cni.ts'
import { difference } from '../helpers/difference.ts'
import { type Container, type Host, testHost } from '../helpers/host.ts'
import { pluginsUnderTest } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, succeeded } from '../helpers/scene.ts'
import { snapshot } from '../helpers/snapshot.ts'
import { good } from './badinput-cases.ts'

let host: Host
let container: Container
let plugins: string
beforeAll(async () => {
  host = await testHost()
  plugins = pluginsUnderTest(`${host.directory}/bin`)
  const [resident, guest] = await host.containers(2)
  container = guest!
  succeeded(await cni(host, { command: 'ADD', config: good, container: resident!, path: plugins }))
}, 60_000)
afterAll(async () => {
  await host?.dispose()
}, 60_000)

const canary = () => `${host.directory}/c`

/** Each would do harm in a line of sh, ip or nft if it got there. */
const poisons = (): string[] => [
  `$(touch ${canary()})`,
  `\`touch ${canary()}\``,
  `;touch ${canary()};`,
  `x\ntouch ${canary()}\n`,
  'x\nlink del br-web\n',
  'x"drop',
  "x'",
  'x;flush ruleset',
  'x#',
  'x\\',
  'x|y',
  'x{y}',
  'x y',
  'x\ty',
  '*',
  '%d',
  '-x',
  '--help',
  '@x/../y',
  '\u202e',
  'ｘ',
]

/** A field, and a call that has the poison in it. */
type Field = (poison: string) => Partial<Call>
const ipam = (more: object) => ({ config: { ...good, ipam: { ...good.ipam, ...more } } })
const range = (more: object) => ipam({ ranges: [[{ subnet: '10.45.0.0/24', ...more }]] })
const inConfig = (more: object) => ({ config: { ...good, ...more } })

const fields: Record<string, Field> = {
  name: x => inConfig({ name: x }),
  cniVersion: x => inConfig({ cniVersion: x }),
  mode: x => inConfig({ mode: x }),
  bridge: x => inConfig({ bridge: x }),
  ipMasqBackend: x => inConfig({ ipMasqBackend: x }),
  subnet: x => inConfig({ subnet: x, ipam: undefined }),
  mtu: x => inConfig({ mtu: x }),
  'ipam.type': x => inConfig({ ipam: { type: x } }),
  'ipam.subnet': x => ipam({ subnet: x }),
  'ipam.ranges.subnet': x => range({ subnet: x }),
  'ipam.ranges.rangeStart': x => range({ rangeStart: x }),
  'ipam.ranges.rangeEnd': x => range({ rangeEnd: x }),
  'ipam.ranges.gateway': x => range({ gateway: x }),
  'ipam.routes.dst': x => ipam({ routes: [{ dst: x }] }),
  'ipam.routes.gw': x => ipam({ routes: [{ dst: '192.0.2.0/24', gw: x }] }),
  'ipam.routes.mtu': x => ipam({ routes: [{ dst: '192.0.2.0/24', mtu: x }] }),
  'ipam.routes.table': x => ipam({ routes: [{ dst: '192.0.2.0/24', table: x }] }),
  'ipam.dataDir': x => ipam({ dataDir: x }),
  'ipam.resolvConf': x => ipam({ resolvConf: x }),
  'runtimeConfig.mac': x => inConfig({ runtimeConfig: { mac: x } }),
  'runtimeConfig.ips': x => inConfig({ runtimeConfig: { ips: [x] } }),
  'runtimeConfig.ipRanges': x => inConfig({ runtimeConfig: { ipRanges: [[{ subnet: x }]] } }),
  'args.cni.mac': x => inConfig({ args: { cni: { mac: x } } }),
  'args.cni.ips': x => inConfig({ args: { cni: { ips: [x] } } }),
  'a field': x => inConfig({ [x]: 1 }),
  CNI_COMMAND: x => ({ command: x }),
  CNI_CONTAINERID: x => ({ containerId: x }),
  CNI_NETNS: x => ({ netns: `/run/netns/${x}` }),
  CNI_IFNAME: x => ({ ifname: x }),
  'CNI_ARGS, IP': x => ({ args: `IP=${x}` }),
  'CNI_ARGS, MAC': x => ({ args: `MAC=${x}` }),
  'CNI_ARGS, a key': x => ({ args: `${x}=1` }),
  CNI_PATH: x => ({ config: { ...good, ipam: { type: 'nobody' } }, env: { CNI_PATH: x } }),
}

/** What a delegate may put into its answer. */
const answers: Record<string, (poison: string) => object> = {
  'ips.address': x => ({ ips: [{ address: x }] }),
  'ips.address, behind a prefix': x => ({ ips: [{ address: `10.44.0.5/24${x}` }] }),
  'ips.gateway': x => ({ ips: [{ address: '10.44.0.5/28', gateway: x }] }),
  'routes.dst': x => ({ ips: [{ address: '10.44.0.5/28' }], routes: [{ dst: x }] }),
  'routes.gw': x => ({ ips: [{ address: '10.44.0.5/28' }], routes: [{ dst: '192.0.2.0/24', gw: x }] }),
  'routes.mtu': x => ({ ips: [{ address: '10.44.0.5/28' }], routes: [{ dst: '192.0.2.0/24', mtu: x }] }),
  cniVersion: x => ({ cniVersion: x, ips: [{ address: '10.44.0.5/28' }] }),
}

const everything = async () => [await snapshot(host), await snapshot(container)]

const harmless = async (calls: (() => Partial<Call>)[]) => {
  const before = await everything()
  const codes: number[] = []
  for (const call of calls) {
    const ran = await cni(host, { command: 'ADD', config: good, container, path: plugins, ...call() })
    codes.push(failed(ran).code)
  }
  expect(codes.filter(code => code >= 100 && code !== 107)).toEqual([]) // no tool was asked, or only sought in vain
  expect(existsSync(canary())).toBe(false)
  const after = await everything()
  expect(before.flatMap((one, n) => difference(one, after[n]!))).toEqual([])
}

const ready = given(requireRoot(), requireBuild(), requireTool('nft'), requireKernel('bridge'))

ready('strings that would be commands', () => {
  describe('from the configuration and the environment', () => {
    for (const [name, field] of Object.entries(fields))
      test(name, () => harmless(poisons().map(poison => () => field(poison))), 60_000)
  })

  describe("from an IPAM plugin's answer", () => {
    for (const [name, answer] of Object.entries(answers))
      test(name, async () => {
        const path = `${host.directory}/poisoned`
        mkdirSync(path, { recursive: true })
        const script = '#!/bin/sh\n[ $CNI_COMMAND = ADD ] && cat "$(dirname "$0")/answer"\nexit 0\n'
        writeFileSync(`${path}/poisoned`, script)
        chmodSync(`${path}/poisoned`, 0o755)
        const call = { config: { ...good, ipam: { type: 'poisoned' } }, env: { CNI_PATH: path } }
        const calls = poisons().map(poison => () => {
          writeFileSync(`${path}/answer`, JSON.stringify({ cniVersion: '1.1.0', ...answer(poison) }))
          return call
        })
        await harmless(calls)
      }, 60_000)
  })

  test('from prevResult: DEL and CHECK', async () => {
    const before = await everything()
    for (const poison of poisons()) {
      const prevResult = {
        cniVersion: '1.1.0',
        interfaces: [{ name: poison, mac: poison, sandbox: poison }],
        ips: [{ address: poison, gateway: poison, interface: 0 }],
        routes: [{ dst: poison, gw: poison }],
      }
      // A delegate's addresses are known from prevResult alone.
      const config = { ...good, ipam: { type: 'static', addresses: [{ address: '10.44.0.6/28' }] } }
      const call = { container, path: plugins, prevResult }
      failed(await cni(host, { ...call, command: 'CHECK', config }))
      failed(await cni(host, { ...call, command: 'CHECK', config: good }))
      succeeded(await cni(host, { ...call, command: 'DEL', config: good }))
    }
    expect(existsSync(canary())).toBe(false)
    const after = await everything()
    expect(before.flatMap((one, n) => difference(one, after[n]!))).toEqual([])
  }, 60_000)
})
