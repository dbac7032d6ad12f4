// Called "firewall", behind the reference's ptp: its plugs hang on no bridge, their addresses have the way through the
// host. The same through Debian's firewall plugin: packets must see the same.

import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { all, answers, closings, filterRules, shell } from '../helpers/firewalls.ts'
import { type Container, type Host, testHost } from '../helpers/host.ts'
import { beyond, hostSeen } from '../helpers/modes.ts'
import type { Netns } from '../helpers/netns.ts'
import { executable, referenceDir } from '../helpers/plugins.ts'
import {
  given,
  requireBuild,
  requireFile,
  requireKernel,
  requireRoot,
  requireTool,
} from '../helpers/requirements.ts'
import { failed, succeeded } from '../helpers/scene.ts'

const hosts: Host[] = []
afterEach(async () => {
  await Promise.all(hosts.splice(0).map(host => host.dispose()))
}, 60_000)

const ready = given(
  requireRoot(),
  requireBuild(),
  requireFile(`${referenceDir}/ptp`),
  requireFile(`${referenceDir}/firewall`),
  requireTool('iptables-nft'),
  requireKernel('veth'),
)
const far = Object.values(beyond)
const common = { cniVersion: '1.0.0', name: 'points' }
const firewall = { ...common, type: 'firewall', backend: 'iptables' }

const opened = async (closing: readonly string[]) => {
  const host = await testHost()
  hosts.push(host)
  const outside = await host.outside()
  await shell(host, closing)
  await outside.batch(
    `route add 10.46.0.0/24 via ${hostSeen.v4}`,
    `route add fd00:46::/64 via ${hostSeen.v6}`,
  )
  const bin = `${host.directory}/bin`
  mkdirSync(bin)
  symlinkSync(executable, `${bin}/firewall`)
  return { host, outside, bin }
}

const ptpOf = (host: Host) => ({
  ...common,
  type: 'ptp',
  ipMasq: false,
  ipam: {
    type: 'host-local',
    ranges: [[{ subnet: '10.46.0.0/24' }], [{ subnet: 'fd00:46::/64' }]],
    routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
    dataDir: `${host.directory}/leases`,
  },
})

/** ADD of both plugins; the result of the second. */
const chain = async (host: Host, container: Container, path: string) => {
  const first = await cni(host, { command: 'ADD', config: ptpOf(host), container, path: referenceDir })
  succeeded(first)
  const ran = await cni(host, { command: 'ADD', config: firewall, container, path, prevResult: first.json })
  succeeded(ran)
  const result = ran.json
  return {
    result,
    addresses: result.ips.map(({ address }: { address: string }) => address.split('/')[0]) as string[],
  }
}

/** What packets see of a container behind the closed FORWARD. */
const seen = async (outside: Netns, container: Container, addresses: readonly string[]) => {
  const out = await answers(container, far)
  const refused = await answers(outside, addresses, 1)
  return { out, into: Object.values(refused) }
}

ready('a chain of ptp and firewall', () => {
  for (const name of ['policy DROP, iptables-nft', 'REJECT at the end'] as const)
    test(`${name}: as the reference's firewall`, async () => {
      const [ours, theirs] = await Promise.all([opened(closings[name]), opened(closings[name])])
      const see = async ({ host, outside }: typeof ours, path: string) => {
        const container = await host.container()
        const { result, addresses } = await chain(host, container, path)
        return { ips: result.ips, ...(await seen(outside, container, addresses)) }
      }
      const found = await see(ours, ours.bin)
      expect(found).toEqual(await see(theirs, referenceDir))
      expect(found).toMatchObject({ out: all(far, true), into: [false, false] })
    }, 60_000)

  test('without firewall nothing passes; CHECK, DEL without anything, GC; one rule for many containers', async () => {
    const { host, outside, bin } = await opened(closings['policy DROP, iptables-nft'])
    const [alone, one, two, three] = (await host.containers(4)) as [
      Container,
      Container,
      Container,
      Container,
    ]
    succeeded(await cni(host, { command: 'ADD', config: ptpOf(host), container: alone, path: referenceDir }))
    expect(await answers(alone, far, 1)).toEqual(all(far, false))

    const first = await chain(host, one, bin)
    expect(await answers(one, far)).toEqual(all(far, true))
    const rules = await filterRules(host)
    await chain(host, two, bin)
    await chain(host, three, bin)
    expect(await filterRules(host)).toEqual(rules)
    expect(await elements(host)).toHaveLength(6)

    const check = { command: 'CHECK', config: firewall, container: one, path: bin, prevResult: first.result }
    succeeded(await cni(host, check))
    await host.ok('nft', ['flush', 'set', 'inet', 'vethwork', 'passage4/points'])
    expect(failed(await cni(host, check)).code).toBe(106)
    await host.ok('nft', ['delete', 'table', 'inet', 'vethwork'])
    expect(await answers(one, far, 1)).toEqual(all(far, false))
    const four = await host.container()
    await chain(host, four, bin)
    succeeded(await cni(host, check))
    expect(await answers(one, far)).toEqual(all(far, true))
    expect(await elements(host)).toHaveLength(8)

    // Neither namespace nor record, twice.
    rmSync(host.stateDir, { recursive: true })
    const del = { command: 'DEL', config: firewall, container: one, path: bin, netns: '' }
    succeeded(await cni(host, del))
    succeeded(await cni(host, del))
    expect(await elements(host)).toHaveLength(6)
    await host.remove(two)
    succeeded(await cni(host, { ...del, container: two }))
    expect(await elements(host)).toHaveLength(4)
    const gc = {
      ...firewall,
      cniVersion: '1.1.0',
      'cni.dev/valid-attachments': [{ containerID: four.id, ifname: 'eth0' }],
    }
    succeeded(await cni(host, { command: 'GC', config: gc, path: bin }))
    expect(await elements(host)).toHaveLength(2)
    expect(await answers(four, far)).toEqual(all(far, true))
    expect(outside.name).not.toBe('')
  }, 60_000)

  test('prune leaves the way of containers that live, and takes it when they are gone', async () => {
    const { host, bin } = await opened(closings['policy DROP, iptables-nft'])
    const before = await filterRules(host)
    const container = await host.container()
    await chain(host, container, bin)
    const prune = () => host.ok(executable, ['prune'], { env: { VETHWORK_STATE_DIR: host.stateDir } })
    await prune()
    expect(await answers(container, far)).toEqual(all(far, true))
    succeeded(await cni(host, { command: 'DEL', config: firewall, container, path: bin }))
    await prune()
    expect(await filterRules(host)).toEqual(before)
    expect(await host.ok('nft', ['list', 'tables'])).not.toContain('vethwork')
  }, 60_000)
})

/** Addresses that have the way. */
const elements = async (host: Host): Promise<unknown[]> => {
  const { nftables } = JSON.parse(await host.ok('nft', ['-j', 'list', 'table', 'inet', 'vethwork']))
  return nftables.flatMap(({ set }: { set?: { elem?: unknown[] } }) => set?.elem ?? [])
}
