// 300 attachments, 16 at a time: no address twice, no error, and nothing is left.
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { atOnce, type Plug, plugsIn } from '../helpers/crowd.ts'
import { settled } from '../helpers/difference.ts'
import type { Container, Host } from '../helpers/host.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes, succeeded } from '../helpers/scene.ts'
import { mentions, snapshot } from '../helpers/snapshot.ts'

const open = scenes(afterEach)
const ready = given(requireRoot(), requireBuild(), requireTool('nft'), requireKernel('bridge'))

const limit = 16
const network = (n: number) => ({
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: `storm${n}`,
  bridge: `br-storm${n}`,
  isGateway: true,
  ipMasq: true,
  macspoofchk: true,
  ipam: {
    type: 'vethwork-ipam',
    ranges: [[{ subnet: `10.${60 + n}.0.0/23` }], [{ subnet: `fd00:${60 + n}::/64` }]],
  },
})

/** What `ip` says of global addresses in these namespaces: `namespace interface address`. */
const inKernel = async (namespaces: readonly Container[]) =>
  (
    await atOnce(limit, namespaces, async netns => {
      const links = await netns.ip('addr show')
      return links.flatMap(
        (link: { ifname: string; addr_info: { local: string; prefixlen: number; scope: string }[] }) =>
          link.addr_info
            .filter(({ scope }) => scope === 'global')
            .map(({ local, prefixlen }) => `${netns.path} ${link.ifname} ${local}/${prefixlen}`),
      )
    })
  ).flat()

const storm = async (count: number) => {
  const { host } = await open()
  const namespaces = await host.containers(100)
  const plugs = plugsIn(namespaces, 3)
  expect(plugs).toHaveLength(300)
  const configOf = (index: number) => network(index % count)
  const call = (command: string, { container, ifname }: Plug, index: number) =>
    cni(host, { command, config: configOf(index), container, ifname, timeout: 120_000 })
  // What networks share stays: made beforehand, so that it is in the picture.
  for (const index of Array.from({ length: count }, (_, n) => n)) {
    succeeded(await call('ADD', plugs[index]!, index))
    succeeded(await call('DEL', plugs[index]!, index))
  }
  const before = await snapshot(host)

  const started = performance.now()
  const added = await atOnce(limit, plugs, (plug, index) => call('ADD', plug, index))
  const half = performance.now()
  for (const ran of added) succeeded(ran)
  const said = added.flatMap(({ json }, index) =>
    json.ips.map(({ address }: { address: string }) => {
      const { container, ifname } = plugs[index]!
      return `${container.path} ${ifname} ${address}`
    }),
  )
  expect(said).toHaveLength(600)
  expect(new Set(said.map((line: string) => line.split(' ')[2])).size).toBe(600)
  expect((await inKernel(namespaces)).sort()).toEqual(said.sort())
  expect(await portsOf(host)).toBe(300)

  const again = performance.now()
  const deleted = await atOnce(limit, plugs, (plug, index) => call('DEL', plug, index))
  const ended = performance.now()
  for (const ran of deleted) succeeded(ran)
  expect(await settled(before, () => snapshot(host))).toEqual([])
  expect(plugs.flatMap(({ container }) => mentions(host.stateDir, container.id))).toEqual([])
  expect(await inKernel(namespaces)).toEqual([])
  const ms = (time: number) => `${Math.round(time)} ms`
  process.stderr.write(
    `    storm over ${count}: 300 ADDs ${ms(half - started)}, 300 DELs ${ms(ended - again)}, ${limit} at a time\n`,
  )
}

const portsOf = async (host: Host) => (await host.ip('link show type veth')).length

ready('300 ADDs and DELs, 16 at a time', () => {
  test('over one network', () => storm(1), 180_000)
  test('over five networks', () => storm(5), 180_000)

  test('ADDs and DELs of one small network at the same time: addresses go round', async () => {
    const { host } = await open()
    const namespaces = await host.containers(16)
    // 24 addresses for 16 containers at a time.
    const ipam = { type: 'vethwork-ipam', subnet: '10.70.0.0/27', rangeEnd: '10.70.0.25' }
    const config = { ...network(0), name: 'round', bridge: 'br-round', ipam }
    const taken = new Set<string>()
    const seen = new Set<string>()
    await atOnce(16, namespaces, async netns => {
      for (const { container } of plugsIn([netns], 3)) {
        const ran = await cni(host, { command: 'ADD', config, container, timeout: 120_000 })
        succeeded(ran)
        const { address } = ran.json.ips[0]
        expect(taken.has(address)).toBe(false)
        taken.add(address)
        seen.add(address)
        taken.delete(address) // before DEL: from then on somebody else may get it
        succeeded(await cni(host, { command: 'DEL', config, container, timeout: 120_000 }))
      }
    })
    expect(seen.size).toBe(24)
    expect(await portsOf(host)).toBe(0)
  }, 120_000)
})
