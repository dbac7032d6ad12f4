// The chains of podman and Kubernetes, with every plugin in them a link to vethwork, as they are; also beside a firewall
// that Docker left. What needs a service turns itself on with that service.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { ports } from '../../src/services/ports.ts'
import { closings, shell } from '../helpers/firewalls.ts'
import { type Machine, testMachine } from '../helpers/machine.ts'
import type { Netns } from '../helpers/netns.ts'
import { connect, listen } from '../helpers/packets.ts'
import { chainNames, isReference } from '../helpers/plugins.ts'
import {
  given,
  requireBuild,
  requireFile,
  requireKernel,
  requireRoot,
  requireTool,
} from '../helpers/requirements.ts'
import { type Containerd, containerd } from './containerd.ts'
import { busyboxImage } from './image.ts'
import { type Podman, podmanOn } from './podman.ts'
import { leases, remember } from './traces.ts'

const tools = ['podman', 'conmon', 'runc', 'containerd', 'ctr', 'iptables', 'busybox', 'unshare', 'nsenter']
const ready = given(
  requireRoot(),
  requireBuild(),
  requireKernel('bridge'),
  requireKernel('veth'),
  requireFile('/usr/lib/cni/ptp'),
  ...tools.map(requireTool),
)
const ours = isReference ? test.skip : test
const published = isReference || !ports.rules ? test.skip : test

const hostLocal = {
  type: 'host-local',
  ranges: [[{ subnet: '10.79.0.0/24' }]],
  routes: [{ dst: '0.0.0.0/0' }],
}
const kubernetes = [
  { type: 'portmap', snat: true, capabilities: { portMappings: true } },
  { type: 'bandwidth', capabilities: { bandwidth: true } },
  { type: 'firewall' },
  { type: 'tuning', sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1' } },
]
const mains = {
  bridge: { type: 'bridge', bridge: 'cni-k8s0', isDefaultGateway: true, ipMasq: true, hairpinMode: true },
  // Not ours: Debian's.
  ptp: { type: 'ptp', ipMasq: true },
}
/** DEL without a namespace, as ctr calls it, leaves the masquerading of Debian's ptp behind. */
const ofPtp = /^. (nft: (chain|rule) ip nat (CNI-|POSTROUTING)|iptables: nat: ).*CNI-/

const lists = Object.entries(mains).flatMap(([main, plugin]) => [
  {
    title: `${main}, portmap, bandwidth, firewall, tuning`,
    plugins: [{ ...plugin, ipam: hostLocal }, ...kubernetes],
  },
  {
    title: `${main}, firewall, sbr`,
    plugins: [{ ...plugin, ipam: hostLocal }, { type: 'firewall' }, { type: 'sbr' }],
  },
])

ready('chains of plugins, all of them vethwork', () => {
  let machine: Machine
  let outside: Netns
  let podman: Podman
  let ctr: Containerd
  beforeAll(async () => {
    machine = await testMachine(chainNames)
    outside = await machine.outside()
    const archive = await busyboxImage(machine.directory)
    podman = await podmanOn(machine, archive)
    ctr = await containerd(machine, archive)
    await shell(machine, closings['as Docker leaves it'])
  }, 90_000)
  afterAll(() => machine?.dispose(), 60_000)
  beforeEach(() => machine.ok('sh', ['-c', 'rm -f /etc/cni/net.d/*']))

  ours(
    "podman's built-in network: bridge, portmap, firewall, tuning",
    async () => {
      // What the network shares stays by design: compared after a first container.
      expect(await podman.run('podman', 'true')).toMatchObject({ exitCode: 0 })
      const traces = await remember(machine)
      const one = await podman.sleeper('podman')
      const greeter = await listen(outside, 7007)
      const looks = `ping -c1 -W5 10.88.0.1 && ping -c1 -W5 ${one.address} && nc -w5 198.51.100.2 7007`
      const two = await podman.run('podman', 'sh', '-c', looks)
      await greeter.stop()
      expect(await podman.remove(one.id)).toMatchObject({ exitCode: 0 })
      expect(two).toMatchObject({ exitCode: 0 })
      expect(two.stdout.trim().split('\n').at(-1)).toBe('198.51.100.1')
      expect(await traces.left()).toEqual([])
      expect(leases(machine, one.id)).toEqual([])
    },
    60_000,
  )

  published(
    'podman run --publish: from outside, beside the firewall that Docker left',
    async () => {
      // What networks share for their ports is there, then.
      const first = await podman.sleeper('podman', '--publish=8081:80')
      expect(await podman.remove(first.id)).toMatchObject({ exitCode: 0 })
      const traces = await remember(machine)
      const one = await podman.sleeper('podman', '--publish=8080:80')
      const serve = 'while :; do echo hello | nc -l -p 80; done'
      expect(await podman.podman('exec', '--detach', one.id, 'sh', '-c', serve)).toMatchObject({
        exitCode: 0,
      })
      let said: string | undefined
      for (let attempt = 0; attempt < 20 && said === undefined; attempt++)
        said = await connect(outside, '198.51.100.1', 8080)
      expect(await podman.remove(one.id)).toMatchObject({ exitCode: 0 })
      expect(said).toBe('hello\n')
      expect(await connect(outside, '198.51.100.1', 8080, 1)).toBeUndefined()
      expect(await traces.left()).toEqual([])
    },
    60_000,
  )

  for (const [n, { title, plugins }] of lists.entries())
    ours(
      `ctr run --cni: ${title}`,
      async () => {
        const name = `k8s${n}`
        const conflist = { cniVersion: '1.0.0', name, plugins }
        machine.write(`/etc/cni/net.d/10-${name}.conflist`, conflist)
        expect(await ctr.run(`first${n}`, 'true')).toMatchObject({ exitCode: 0 })
        const traces = await remember(machine)
        const one = await ctr.sleeper(`one${n}`)
        const greeter = await listen(outside, 7007)
        // sbr leaves the interface's routes to what comes from its address, as the reference does.
        const isBound = plugins.some(({ type }) => type === 'sbr')
        const own = `own=$(ip -4 addr show eth0 | sed -n 's,.*inet \\([0-9.]*\\).*,\\1,p')`
        // busybox's nc cannot choose an address, its ping can.
        const [ping, out] = isBound
          ? ['ping -I $own -c1 -W5', 'ping -I $own -c1 -W5 198.51.100.2']
          : ['ping -c1 -W5', 'nc -w5 198.51.100.2 7007']
        const looks = `${own}; ${ping} 10.79.0.1 && ${ping} ${one.address} && ${out}`
        const two = await ctr.run(`two${n}`, 'sh', '-c', looks)
        await greeter.stop()
        await one.end()
        expect(two).toMatchObject({ exitCode: 0 })
        if (!isBound) expect(two.stdout.trim().split('\n').at(-1)).toBe('198.51.100.1')
        expect((await traces.left()).filter(line => !ofPtp.test(line))).toEqual([])
        for (const id of ['first', 'one', 'two']) expect(leases(machine, `default-${id}${n}`)).toEqual([])
        await machine.ok('/opt/cni/bin/vethwork', ['prune'])
      },
      60_000,
    )
})
