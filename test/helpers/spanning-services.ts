/** Services on networks that leave the host: what is published and what is guarded on one host, as others see it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { answerDatagrams, askDatagram } from './datagrams.ts'
import { lan, type Site } from './hosts.ts'
import { capture, connect, type Listener, listen, pings } from './packets.ts'
import { dns, web } from './portmappings.ts'
import { expectRate } from './rate.ts'
import { failed, succeeded } from './scene.ts'
import { configOn, dual, type Open, type Plugged, plugIn, type Spanning } from './spanning.ts'

const published = { isDefaultGateway: true, ipMasq: true, runtimeConfig: { portMappings: [web, dns] } }

const during = async (listeners: readonly Listener[], work: () => Promise<void>) => {
  try {
    await work()
  } finally {
    await Promise.all(listeners.map(one => one.stop()))
  }
}

/** TCP and UDP in both families reach the container by the host that it is on. */
const isReachedFrom = async (from: Plugged['container'] | Site['host'], { container, site }: Plugged) =>
  during([await listen(container, 80, 'web'), await answerDatagrams(container, 53, 'dns')], async () => {
    for (const family of dual) {
      expect([family, await connect(from, site[family], 8080, 5)]).toEqual([family, 'web\n'])
      expect([family, await askDatagram(from, site[family], 5353, { seconds: 5 })]).toEqual([family, 'dns'])
    }
  })

/** Each host is the gateway of its own: ports of one host are reached from a third machine, and from the other's container. */
export const publishesAnycast = async (open: Open, mode: Spanning) => {
  const { sites } = await lan(open, ['eth1', 'eth1', 'eth1'])
  const [site, other, third] = sites as [Site, Site, Site]
  const more = { anycastGateway: true, ...published }
  const [one, two] = [await plugIn(site, mode, false, more), await plugIn(other, mode, false, more)]
  for (const plugged of [one, two]) await isReachedFrom(third.host, plugged)
  await isReachedFrom(two.container, one)
  succeeded(await site.runtime.check(one.container, one.config))
  await site.del(one.container, one.config)
  expect(await site.host.ok('nft', ['list', 'ruleset'])).not.toContain(one.container.id)
}

/** One host is the gateway of all: it publishes the ports of its own containers, another host refuses to. */
export const publishesAtGatewayHost = async (open: Open, mode: Spanning) => {
  const { sites } = await lan(open, ['eth1', 'eth1', 'eth1'])
  const [beside, gateway, third] = sites as [Site, Site, Site]
  for (const { host, n, master } of sites)
    writeFileSync(
      join(host.directory, 'host.json'),
      JSON.stringify({ name: `host${n}`, physicalNetworks: { default: master } }),
    )
  const more = { gatewayHost: 'host2', ...published }
  await isReachedFrom(third.host, await plugIn(gateway, mode, false, more))

  const before = await beside.remember()
  const container = await beside.host.container()
  const { msg, details } = failed(await beside.runtime.add(container, configOn(beside, mode, false, more)))
  expect(msg).toMatch(/port 8080\/tcp.* the host is not in network 'net-a' .* reaches no container there/)
  expect(details).toContain('isGateway')
  await before.expectSame(container)
}

const RATES = { ingressRate: 20e6, ingressBurst: 2e6, egressRate: 40e6, egressBurst: 2e6 }
const guarded = {
  ipspoofchk: true,
  macspoofchk: true,
  securityGroups: {
    default: [
      { protocol: 'tcp', ports: '80', remote: '10.60.0.0/24' },
      { protocol: 'tcp', ports: '80', remote: 'fd00:60::/64' },
      { protocol: 'tcp', ports: '7200', remote: '10.60.0.0/24' },
      { protocol: 'icmp' },
      { protocol: 'icmpv6' },
    ],
  },
}

/** Groups, anti-spoofing and rates of a container, as the other host's container finds them. */
export const guardsAcross = async (open: Open, mode: Spanning) => {
  const { sites } = await lan(open)
  const a = await plugIn(sites[0], mode, false, { ...guarded, ...RATES })
  const b = await plugIn(sites[1], mode, false, guarded)
  await during([await listen(b.container, 80, 'eighty'), await listen(b.container, 81, 'next')], async () => {
    for (const family of dual) {
      expect([family, await connect(a.container, b[family], 80, 5)]).toEqual([family, 'eighty\n'])
      expect([family, await connect(a.container, b[family], 81)]).toEqual([family, undefined])
    }
  })
  const foreign = { v4: '10.60.0.99', v6: 'fd00:60::99' }
  await a.container.batch(`addr add ${foreign.v4}/24 dev eth0`, `addr add ${foreign.v6}/64 dev eth0 nodad`)
  const ear = await capture(b.container, 'eth0', 'icmp or icmp6')
  for (const family of dual) {
    const from = (address: string) =>
      a.container.sh('ping', ['-n', '-c2', '-i0.2', '-W1', '-I', address, b[family]])
    expect([family, (await from(foreign[family])).exitCode]).toEqual([family, 1])
    expect([family, await pings({ sh: () => from(a[family]) }, b[family])]).toEqual([family, true])
  }
  const heard = (await ear.stop()).join('\n')
  expect(heard).toContain(`${a.v4} > ${b.v4}: ICMP echo request`)
  for (const family of dual) expect(heard).not.toMatch(new RegExp(`${foreign[family]} > .*echo request`))

  await expectRate(RATES.ingressRate, b.container, a.container, a.v4)
  await expectRate(RATES.egressRate, a.container, b.container, b.v4)
}
