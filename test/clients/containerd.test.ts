// Debian's containerd 1.6 and runc, through `ctr run --cni`: ctr itself calls the plugins, ADD and DEL alone, DEL
// always with an empty CNI_NETNS.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { type Machine, testMachine } from '../helpers/machine.ts'
import type { Netns } from '../helpers/netns.ts'
import { listen } from '../helpers/packets.ts'
import { isReference } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { type Containerd, containerd } from './containerd.ts'
import { busyboxImage } from './image.ts'
import { natNetwork, networks } from './networks.ts'
import { leases, remember } from './traces.ts'

const tools = ['containerd', 'ctr', 'runc', 'busybox', 'unshare', 'nsenter'].map(requireTool)
const ready = given(requireRoot(), requireBuild(), requireKernel('bridge'), requireKernel('veth'), ...tools)

ready('containerd', () => {
  let machine: Machine
  let outside: Netns
  let daemon: Containerd
  beforeAll(async () => {
    machine = await testMachine()
    outside = await machine.outside()
    daemon = await containerd(machine, await busyboxImage(machine.directory))
  }, 60_000)
  afterAll(() => machine?.dispose(), 60_000)
  beforeEach(() => machine.ok('sh', ['-c', 'rm -f /etc/cni/net.d/*']))

  for (const network of networks) {
    const possible = network.own && isReference ? test.skip : test
    possible(
      `ctr run --cni ${network.title}: address, gateway, another container, the outside; nothing is left`,
      async () => {
        machine.write(`/etc/cni/net.d/10-${network.name}.conflist`, network.conflist)
        // The bridge and forwarding stay by design: what is compared begins after a first container.
        expect(await daemon.run('first', 'true')).toMatchObject({ exitCode: 0 })
        const traces = await remember(machine)

        const one = await daemon.sleeper('one')
        expect(one.address).toMatch(new RegExp(`^${network.gateway.replace(/1$/, '')}`))
        const greeter = await listen(outside, 7007)
        const looks = `ip -4 addr show eth0
          ping -c1 -W5 ${network.gateway} && ping -c1 -W5 ${one.address} && nc -w5 198.51.100.2 7007`
        const two = await daemon.run('two', 'sh', '-c', looks)
        await greeter.stop()
        await one.end()

        expect(two).toMatchObject({ exitCode: 0 })
        expect(two.stdout).toContain('inet 10.')
        expect(two.stdout.trim().split('\n').at(-1)).toBe('198.51.100.1')
        expect(await traces.left()).toEqual([])
        for (const name of ['first', 'one', 'two']) expect(leases(machine, `default-${name}`)).toEqual([])
      },
      60_000,
    )
  }

  const ours = isReference ? test.skip : test
  ours(
    'ctr 1.6 cannot CHECK, GC or STATUS, and `task rm` of a detached container never calls DEL: GC collects it',
    async () => {
      machine.write('/etc/cni/net.d/10-web.conflist', natNetwork.conflist)
      expect(await daemon.run('first', 'true')).toMatchObject({ exitCode: 0 })
      const traces = await remember(machine)

      expect(await daemon.detach('lost')).toMatchObject({ exitCode: 0 })
      await daemon.ctr('task', 'kill', '-s', 'KILL', 'lost')
      await daemon.ctr('task', 'rm', '-f', 'lost')
      expect(await daemon.ctr('container', 'rm', 'lost')).toMatchObject({ exitCode: 0 })
      expect(leases(machine, 'default-lost')).not.toEqual([])

      const [plugin] = natNetwork.conflist.plugins
      const config = {
        ...plugin,
        cniVersion: '1.1.0',
        name: natNetwork.name,
        'cni.dev/valid-attachments': [],
      }
      expect(await cni(machine, { command: 'GC', config, path: '/opt/cni/bin' })).toMatchObject({
        exitCode: 0,
      })
      expect(await traces.left()).toEqual([])
      expect(leases(machine, 'default-lost')).toEqual([])
    },
    60_000,
  )
})
