// Published ports, from everywhere that may ask: the outside, the host, 127.0.0.1, a neighbour, the container itself.
import { expect, test } from '@jest/globals'
import { answerDatagrams, askDatagram } from '../helpers/datagrams.ts'
import type { Container } from '../helpers/host.ts'
import { type Family, hostSeen } from '../helpers/modes.ts'
import { connect, listen } from '../helpers/packets.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('conntrack'),
  requireKernel('bridge'),
)

const publishing = (portMappings: object[], more: object = {}) =>
  configOf('nat', 'dual', { runtimeConfig: { portMappings }, ...more })
const web = { hostPort: 8080, containerPort: 80, protocol: 'tcp' }
const dns = { hostPort: 5353, containerPort: 53, protocol: 'udp' }

const bridgeNetfilter = async (host: { sh: Container['sh'] }, on: boolean) => {
  for (const name of ['iptables', 'ip6tables'])
    await host.sh('sh', ['-c', `echo ${on ? 1 : 0} >/proc/sys/net/bridge/bridge-nf-call-${name}`])
}

ready('a port is reached', () => {
  for (const on of [true, false])
    for (const hairpinMode of [true, false])
      test(`br_netfilter ${on}, hairpinMode ${hairpinMode}`, async () => {
        const { host, add, runtime } = await open()
        const outside = await host.outside()
        await bridgeNetfilter(host, on)
        const [one, neighbour] = (await host.containers(2)) as [Container, Container]
        const config = publishing([web, dns], { hairpinMode })
        const plain = configOf('nat', 'dual', { hairpinMode })
        await add(one, config)
        await add(neighbour, plain)
        const greeter = await listen(one, 80)
        const answerer = await answerDatagrams(one, 53)
        const seen: Record<string, unknown> = {}
        const ways = {
          outside: [outside, 'v4', hostSeen.v4],
          outside6: [outside, 'v6', hostSeen.v6],
          host: [host, 'v4', hostSeen.v4],
          host6: [host, 'v6', hostSeen.v6],
          gateway: [host, 'v4', '10.44.0.1'],
          localhost: [host, 'v4', '127.0.0.1'],
          localhost6: [host, 'v6', '::1'],
          neighbour: [neighbour, 'v4', hostSeen.v4],
          neighbourGateway: [neighbour, 'v4', '10.44.0.1'],
          neighbour6: [neighbour, 'v6', hostSeen.v6],
          itself: [one, 'v4', hostSeen.v4],
          itself6: [one, 'v6', hostSeen.v6],
        } as const
        for (const [name, [from, , to]] of Object.entries(ways))
          seen[name] = [
            (await connect(from, to, 8080, 1))?.trim(),
            await askDatagram(from, to, 5353, { seconds: 1 }),
          ]
        console.log(
          seen,
          await host.ok('nft', ['list', 'ruleset']),
          (await runtime.check(one, config)).stdout,
        )
        await greeter.stop()
        await answerer.stop()
      }, 60_000)
})
