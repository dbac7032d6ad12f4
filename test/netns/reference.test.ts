// The same configurations through Debian's bridge + host-local and through vethwork called by their names: whatever a
// container, the host or the outside can notice must be the same. Differences on purpose stand in the table.
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { type Host, testHost } from '../helpers/host.ts'
import { outcome } from '../helpers/outcome.ts'
import { pings, sourceSeenBy } from '../helpers/packets.ts'
import { pluginsUnderTest, referenceDir } from '../helpers/plugins.ts'
import {
  given,
  requireBuild,
  requireFile,
  requireKernel,
  requireRoot,
  requireTool,
} from '../helpers/requirements.ts'
import { type Case, cases, versions } from './reference-cases.ts'

const hosts: Host[] = []
afterEach(async () => {
  await Promise.all(hosts.splice(0).map(host => host.dispose()))
}, 30_000)

const bridge = 'vwtbr0'

/** Runs one case on a fresh host: the outcome, what packets see, and what ADD a second time and DEL say. */
const experience = async (plugins: (host: Host) => string, one: Case, cniVersion: string) => {
  const host = await testHost()
  hosts.push(host)
  const [container, outside] = [await host.container(), await host.outside()]
  if (one.before) await host.batch(...one.before)
  const ipam = one.config.ipam as object | undefined
  const config = {
    cniVersion,
    name: 'compared',
    type: 'bridge',
    bridge,
    ...one.config,
    ...(ipam && 'type' in ipam ? { ipam: { ...ipam, dataDir: `${host.directory}/leases` } } : {}),
  }
  const call = { config, container, path: plugins(host), args: one.args }

  const added = await cni(host, { ...call, command: 'ADD' })
  const seen = (await outcome(host, container, added, bridge)) as Record<string, unknown>
  const reached: Record<string, boolean> = {}
  for (const address of one.pings ?? []) reached[address] = await pings(container, address)
  const source: Record<string, unknown> = {}
  for (const address of Object.keys(one.outside ?? {}))
    source[address] = (await sourceSeenBy(outside, container, address)) ?? 'nothing'
  const deleted = await cni(host, { ...call, command: 'DEL' })
  const left = (await container.ip('link')).map((link: { ifname: string }) => link.ifname)
  const ports = (await host.ip('link')).filter((link: { master?: string }) => link.master === bridge).length
  return {
    ...seen,
    reached,
    source,
    deleted: { exitCode: deleted.exitCode, stdout: deleted.stdout },
    left,
    ports,
  }
}

const compare = async (one: Case, cniVersion: string) => {
  const [reference, ours] = await Promise.all([
    experience(() => referenceDir, one, cniVersion),
    experience(host => pluginsUnderTest(`${host.directory}/bin`), one, cniVersion),
  ])
  const paths = Object.keys(one.differs ?? {})
  expect(without(ours, paths)).toEqual(without(reference, paths))
  expect(ours.reached).toEqual(Object.fromEntries((one.pings ?? []).map(address => [address, true])))
  expect(ours.source).toEqual(one.outside ?? {})
}

/** A copy without what stands at the dotted `paths`. */
const without = (value: object, paths: readonly string[]) => {
  const copy = structuredClone(value)
  for (const path of paths) {
    const steps = path.split('.')
    const last = steps.pop()!
    const at = steps.reduce<unknown>((from, step) => (from as Record<string, unknown>)?.[step], copy)
    if (at) delete (at as Record<string, unknown>)[last]
  }
  return copy
}

const ready = given(
  requireRoot(),
  requireBuild(),
  requireFile(`${referenceDir}/bridge`),
  requireTool('iptables'),
  requireTool('ping'),
  requireKernel('bridge'),
  requireKernel('veth'),
)

ready('as the reference bridge', () => {
  for (const [name, one] of Object.entries(cases)) test(name, () => compare(one, '1.0.0'), 60_000)
})

ready('as the reference bridge, in every version of the specification', () => {
  const dual = { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/24' }], [{ subnet: 'fd00:88::/64' }]] }
  const one = { config: { isDefaultGateway: true, ipam: { ...dual, routes: [{ dst: '192.0.2.0/24' }] } } }
  for (const version of versions) {
    test(`cniVersion ${version}`, () => compare(one, version), 60_000)
  }
})
