// Published ports by real clients: podman 4.3's `--publish`, on its own network with our portmap and on ours alone, and ctr.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Machine, testMachine } from '../helpers/machine.ts'
import type { Netns } from '../helpers/netns.ts'
import { connect } from '../helpers/packets.ts'
import { isReference, names } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { containerd } from './containerd.ts'
import { busyboxImage, imageName } from './image.ts'
import { type Podman, podmanOn } from './podman.ts'

const tools = ['podman', 'conmon', 'containerd', 'runc', 'iptables', 'busybox', 'unshare', 'nsenter'].map(
  requireTool,
)
const ready = given(requireRoot(), requireBuild(), requireKernel('bridge'), requireKernel('veth'), ...tools)

const ours = {
  cniVersion: '1.0.0',
  name: 'web',
  plugins: [
    {
      type: 'vethwork',
      mode: 'nat',
      capabilities: { portMappings: true },
      ipam: { type: 'vethwork-ipam', subnet: '10.78.0.0/24' },
    },
  ],
}
const serve = 'while :; do echo hello | nc -l -p 80; done'

ready('ports published by', () => {
  let machine: Machine
  let outside: Netns
  let client: Podman
  let archive: string
  beforeAll(async () => {
    machine = await testMachine([...names, 'portmap'])
    outside = await machine.outside()
    machine.write('/etc/cni/net.d/10-web.conflist', ours)
    archive = await busyboxImage(machine.directory)
    client = await podmanOn(machine, archive)
  }, 60_000)
  afterAll(() => machine?.dispose(), 60_000)

  const says = async (port: number) => {
    for (let attempt = 0; attempt < 20; attempt++) {
      const said = await connect(outside, '198.51.100.1', port)
      if (said !== undefined) return said
    }
    return undefined
  }
  const rules = () => machine.ok('nft', ['list', 'ruleset'])
  const possible = isReference ? test.skip : test

  for (const network of ['podman', 'web'])
    possible(
      `podman run --publish on the network ${network}`,
      async () => {
        const one = await client.sleeper(network, '--publish=8080:80')
        const serving = () => client.podman('exec', '--detach', one.id, 'sh', '-c', serve)
        expect(await serving()).toMatchObject({ exitCode: 0 })
        expect(await says(8080)).toBe('hello\n')
        expect(await rules()).toMatch(
          new RegExp(`tcp \\. 8080 comment "${network}/${one.id}/eth0" : ${one.address} \\. 80`),
        )

        const second = await client.podman(
          'run',
          `--cgroup-parent=${machine.cgroup}`,
          '--rm',
          `--network=${network}`,
          '--publish=8080:80',
          imageName,
          'true',
        )
        expect(second.exitCode).not.toBe(0)
        expect(await says(8080)).toBe('hello\n')

        // Its conmon holds the port by now: that is no stranger. It asks for the address it had, and where it asks for
        // one podman takes all other capabilities from the first plugin of the list.
        if (network === 'podman')
          expect(await client.podman('network', 'reload', one.id)).toMatchObject({ exitCode: 0 })
        expect(await says(8080)).toBe('hello\n')

        expect(await client.remove(one.id)).toMatchObject({ exitCode: 0 })
        expect(await rules()).not.toContain(one.id)
        expect(await connect(outside, '198.51.100.1', 8080, 1)).toBeUndefined()
      },
      60_000,
    )

  possible(
    'ctr run --cni, which has no option for them: they stand in the configuration',
    async () => {
      machine.write('/etc/cni/net.d/00-static.conflist', {
        ...ours,
        name: 'static',
        plugins: ours.plugins.map(plugin => ({
          ...plugin,
          ipam: { type: 'vethwork-ipam', subnet: '10.79.0.0/24' },
          runtimeConfig: { portMappings: [{ hostPort: 8081, containerPort: 80 }] },
        })),
      })
      const daemon = await containerd(machine, archive)
      const one = await daemon.sleeper('one')
      expect(
        await daemon.ctr('task', 'exec', '--detach', '--exec-id', 'serve', 'one', 'sh', '-c', serve),
      ).toMatchObject({ exitCode: 0 })
      expect(await says(8081)).toBe('hello\n')
      await one.end()
      expect(await rules()).not.toContain('default-one')
    },
    60_000,
  )
})
