// Debian's podman 4.3 with network_backend = "cni": VERSION of every plugin at each start, ADD, DEL with the real
// namespace.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Machine, testMachine } from '../helpers/machine.ts'
import type { Netns } from '../helpers/netns.ts'
import { connect, listen } from '../helpers/packets.ts'
import { isReference } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { busyboxImage } from './image.ts'
import { networks } from './networks.ts'
import { type Podman, podmanOn } from './podman.ts'
import { leases, remember } from './traces.ts'

const tools = ['podman', 'conmon', 'runc', 'iptables', 'busybox', 'unshare', 'nsenter'].map(requireTool)
const ready = given(requireRoot(), requireBuild(), requireKernel('bridge'), requireKernel('veth'), ...tools)

// Not written anywhere: podman's own, cniVersion 0.4.0: bridge and host-local, portmap, firewall, tuning.
const builtIn = { title: 'its built-in network, unchanged', name: 'podman', gateway: '10.88.0.1', own: false }

ready('podman 4.3, which has no CHECK, GC or STATUS', () => {
  let machine: Machine
  let outside: Netns
  let client: Podman
  beforeAll(async () => {
    machine = await testMachine()
    outside = await machine.outside()
    for (const { name, conflist } of networks) {
      if (!isReference || name !== 'web') machine.write(`/etc/cni/net.d/10-${name}.conflist`, conflist)
    }
    client = await podmanOn(machine, await busyboxImage(machine.directory))
  }, 60_000)
  afterAll(() => machine?.dispose(), 60_000)

  for (const network of [builtIn, ...networks]) {
    const possible = network.own && isReference ? test.skip : test
    possible(
      `podman run on ${network.title}: address, gateway, another container, the outside; nothing is left`,
      async () => {
        // The bridge, forwarding and the firewall plugin's chains stay by design: compared after a first container.
        expect(await client.run(network.name, 'true')).toMatchObject({ exitCode: 0 })
        const traces = await remember(machine)

        const one = await client.sleeper(network.name)
        expect(one.address).toMatch(new RegExp(`^${network.gateway.replace(/1$/, '')}`))
        const greeter = await listen(outside, 7007)
        const looks = `ip -4 addr show eth0
          ping -c1 -W5 ${network.gateway} && ping -c1 -W5 ${one.address} && nc -w5 198.51.100.2 7007`
        const two = await client.run(network.name, 'sh', '-c', looks)
        await greeter.stop()
        expect(leases(machine, one.id)).not.toEqual([])
        expect(await client.remove(one.id)).toMatchObject({ exitCode: 0 })

        expect(two).toMatchObject({ exitCode: 0 })
        expect(two.stdout).toContain('inet 10.')
        expect(two.stdout.trim().split('\n').at(-1)).toBe('198.51.100.1')
        expect(await traces.left()).toEqual([])
        expect(leases(machine, one.id)).toEqual([])
      },
      60_000,
    )
  }

  test('podman run --publish on its built-in network: our result goes through portmap, firewall and tuning', async () => {
    expect(await client.run('podman', 'true')).toMatchObject({ exitCode: 0 })
    const one = await client.sleeper('podman', '--publish=8080:80')
    const serve = 'while :; do echo hello | nc -l -p 80; done'
    expect(await client.podman('exec', '--detach', one.id, 'sh', '-c', serve)).toMatchObject({ exitCode: 0 })
    let said: string | undefined
    for (let attempt = 0; attempt < 20 && said === undefined; attempt++)
      said = await connect(outside, '198.51.100.1', 8080)
    expect(await client.remove(one.id)).toMatchObject({ exitCode: 0 })
    expect(said).toBe('hello\n')
    expect(leases(machine, one.id)).toEqual([])
  }, 60_000)
})
