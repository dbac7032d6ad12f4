/** Every op fails once, in real namespaces: a failed ADD leaves nothing, a failed DEL leaves what the next one removes. */
import { afterEach, expect } from '@jest/globals'
import type { CniRan } from './cni.ts'
import { eachFault } from './eachfault.ts'
import { faultyTools, type Kind } from './faults.ts'
import type { Container } from './host.ts'
import { configOf, layer2 } from './modes.ts'
import { dns, publishing, web } from './portmappings.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from './requirements.ts'
import { failed, type Scene, scenes, succeeded } from './scene.ts'

const open = scenes(afterEach)
export const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('iptables'),
  requireKernel('bridge'),
)

export const networks = {
  nat: configOf('nat', 'dual'),
  'nat by iptables': configOf('nat', 'dual', { ipMasqBackend: 'iptables' }),
  local: configOf('local', 'dual', { macspoofchk: true }),
  'security groups': configOf('securityGroups', 'dual', { macspoofchk: true, ingressPolicy: 'isolated' }),
  'layer 2': layer2,
  shaped: configOf('nat', 'v4', {
    ingressRate: 20e6,
    ingressBurst: 2e6,
    egressRate: 10e6,
    egressBurst: 2e6,
    unshapedSubnets: ['192.0.2.0/24', '2001:db8::/32'],
  }),
  'published ports': publishing([web, dns, { ...web, hostPort: 81, hostIP: '127.0.0.1' }]),
  'tuned, with tables of its own': configOf('nat', 'dual', {
    sysctl: { 'net.ipv4.ip_local_port_range': '20000 30000', 'net.ipv4.conf.IFNAME.arp_filter': '1' },
    txQLen: 77,
    promisc: true,
    sourceRouting: true,
  }),
} as const

export const kinds: readonly Kind[] = ['refused', 'garbled', 'killed']

/** In which ways the steps of a network fail: of one in all. */
export const kindsOf = (name: string) => (name === 'nat' ? kinds : (['refused'] as const))

/** What another container of the network has: no port twice. */
const besideOf = (config: object) =>
  'runtimeConfig' in config
    ? publishing([
        { ...web, hostPort: 7 },
        { ...dns, hostPort: 7 },
      ])
    : config

/** Of each family on its own: link, routes, rules; and a kernel parameter. */
const look = `ip -j -batch - <<END
link
route
rule
END
ip -j -6 -batch - <<END
route
rule
END
cat /proc/sys/net/ipv4/ip_local_port_range`

/** What a container sees of its own; `lo` keeps 127.0.0.1 and its queue once it was up. */
const insideOf = async (container: Container) => {
  const [links = '[]', ...rest] = (await container.ok('sh', ['-c', look])).split('\n')
  return {
    links: JSON.parse(links).map(({ ifname, flags }: Record<string, unknown>) => ({ ifname, flags })),
    rest,
  }
}

const prepared = async () => {
  const opened = await open()
  const [resident, container] = (await opened.host.containers(2)) as [Container, Container]
  return { ...opened, resident, container, faults: faultyTools(opened.host.directory) }
}

/** It failed and says why, or it is complete in spite of all. */
const failedOrWhole = async ({ runtime, del }: Scene, container: Container, config: object, ran: CniRan) => {
  if (ran.exitCode !== 0) {
    const { code, msg } = failed(ran)
    expect({ code, msg }).not.toMatchObject({ code: 199 })
    expect(msg).not.toContain('is not installed')
    return
  }
  succeeded(await runtime.check(container, { ...config }))
  await del(container, { ...config })
}

export const addOnVirginHost = async (config: object, kind: Kind) => {
  const all = await prepared()
  const { container, faults, remember, runtime } = all
  const [before, inside] = [await remember(), await insideOf(container)]
  const attempt = () => runtime.add(container, { ...config }, { env: faults.env })
  // That the next attempt gets one step further shows that nothing is in its way.
  await eachFault(faults, kind, attempt, async ran => {
    failed(ran)
    await failedOrWhole(all, container, config, ran)
    await before.expectSame(container)
    expect(await insideOf(container)).toEqual(inside)
  })
}

export const addOnWarmNetwork = async (config: object, kind: Kind) => {
  const all = await prepared()
  const { resident, container, faults, remember, runtime, add, del } = all
  await add(resident, { ...besideOf(config) })
  const before = await remember()
  const attempt = () => runtime.add(container, { ...config }, { env: faults.env })
  await eachFault(faults, kind, attempt, async ran => {
    await failedOrWhole(all, container, config, ran)
    await before.expectSame(container)
    await add(container, { ...config })
    await del(container, { ...config })
  })
}

export const delOnWarmNetwork = async (config: object, kind: Kind) => {
  const all = await prepared()
  const { host, resident, container, faults, remember, runtime, add, del } = all
  await add(resident, { ...besideOf(config) })
  const before = await remember()
  const attempt = async () => {
    await add(container, { ...config })
    return runtime.del(container, { ...config }, { env: faults.env })
  }
  await eachFault(faults, kind, attempt, async ran => {
    if (ran.exitCode !== 0) {
      failed(ran)
      const cables = (await host.ip('link')).filter(({ ifalias = '' }) => ifalias.includes(container.id))
      const rules = await host.ok('nft', ['list', 'ruleset'])
      // One thing failed: not more than that is left.
      const left = [cables.length ? 'cable' : '', rules.includes(container.id) ? 'elements' : ''].filter(
        Boolean,
      )
      expect(left.length).toBeLessThanOrEqual(1)
      await del(container, { ...config })
    }
    await before.expectSame(container)
  })
}
