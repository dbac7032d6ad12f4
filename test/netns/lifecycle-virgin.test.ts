// A host that never had a network: ADD, DEL and `vethwork prune` later it is that host again.
import { afterEach, expect, test } from '@jest/globals'
import { difference } from '../helpers/difference.ts'
import {
  beyond,
  configOf,
  type Family,
  families,
  layer2,
  type ModeName,
  modeNames,
} from '../helpers/modes.ts'
import { pings } from '../helpers/packets.ts'
import { executable } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { type Scene, scenes } from '../helpers/scene.ts'
import { snapshot } from '../helpers/snapshot.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('iptables'),
  requireKernel('bridge'),
)

const prune = ({ host }: Scene, ...args: string[]) =>
  host.ok(executable, ['prune', ...args], {
    env: { CNI_COMMAND: undefined, VETHWORK_STATE_DIR: host.stateDir },
  })

/** iptables on nft makes its empty base chains at the first use, and keeps them. */
const baseChains = /^\+ (nft: (table|chain) ip6? nat|ip6?tables: nat \[(":[A-Z]+ ACCEPT",?)+\])/
const sysctls = /^. sysctls: /
const differences = async ({ host }: Scene, before: Awaited<ReturnType<typeof snapshot>>) =>
  difference(before, await snapshot(host)).filter(
    line => !baseChains.test(line) && !/fe80::\S+ eth0 /.test(line),
  )

const cycle = async (mode: ModeName, family: Family) => {
  const all = await open()
  const { host, add, del } = all
  const container = await host.container()
  await host.outside()
  for (const address of Object.values(beyond)) expect(await pings(host, address)).toBe(true)
  const before = await snapshot(host)
  const config = configOf(mode, family)
  await add(container, config)
  if (mode !== 'local') expect(await pings(container, beyond[family === 'v6' ? 'v6' : 'v4'])).toBe(true)
  await del(container, config)
  expect(await differences(all, before)).not.toEqual([]) // what is shared stays until it is pruned
  await prune(all)
  expect((await differences(all, before)).filter(line => !sysctls.test(line))).toEqual([])
  // Somebody else may rely on forwarding by now: it goes only when that is asked for.
  await add(container, config)
  await del(container, config)
  await prune(all, '--restore-sysctls')
  expect(await differences(all, before)).toEqual([])
}

ready('the virgin host before ADD and after prune', () => {
  for (const mode of modeNames)
    for (const family of mode === 'nat' ? families : (['dual'] as const))
      test(`${mode}, ${family}`, () => cycle(mode, family), 60_000)

  test('layer 2', async () => {
    const all = await open()
    const container = await all.host.container()
    const before = await snapshot(all.host)
    await all.add(container, layer2)
    await all.del(container, layer2)
    await prune(all, '--restore-sysctls')
    expect(await differences(all, before)).toEqual([])
  }, 60_000)
})

ready('prune', () => {
  test('leaves a network that is in use, and what is not ours', async () => {
    const all = await open()
    const { host, add, del, runtime } = all
    const [one, other] = await host.containers(2)
    const used = configOf('nat', 'dual')
    const unused = { ...configOf('macspoofchk', 'v4'), name: 'unused', bridge: 'unused0' }
    await host.batch('link add foreign0 type bridge')
    await host.ok('nft', ['add table inet foreign'])
    await add(one!, used)
    const before = await all.remember()
    await add(other!, unused)
    await del(other!, unused)
    await prune(all, '--restore-sysctls')
    await before.expectSame(other!)
    expect((await runtime.check(one!, used)).exitCode).toBe(0)
  }, 60_000)

  test('leaves a bridge that was there before us', async () => {
    const all = await open()
    const { host, add, del } = all
    const container = await host.container()
    await host.batch('link add cni0 type bridge', 'link set cni0 up')
    const config = configOf('ipMasq by nftables', 'v4')
    await add(container, config)
    await del(container, config)
    await prune(all)
    expect((await host.ip('link show type bridge')).map(({ ifname }: { ifname: string }) => ifname)).toEqual([
      'cni0',
    ])
  }, 60_000)
})
