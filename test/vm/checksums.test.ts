// A card that is known to lose what a VXLAN carries is found out, below bonds and VLANs, too: the virtual machine has one.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import type { Host } from '../helpers/host.ts'
import { executable } from '../helpers/plugins.ts'
import { given, type Requirement, requireBuild, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes, succeeded } from '../helpers/scene.ts'

const open = scenes(afterEach)

/** Only there is the card nobody's. */
const requireGuest = (): Requirement =>
  readFileSync('/proc/cmdline', 'utf8').includes('/test/vm/guest') ? undefined : 'the virtual machine'

const ready = given(requireRoot(), requireBuild(), requireTool('ethtool'), requireGuest())

/** The host gets the card as its eth1. */
const plugCardInto = async (host: Host) => {
  for (const module of ['vmxnet3', 'bonding', '8021q']) execFileSync('modprobe', [module])
  const driver = '/sys/bus/pci/drivers/vmxnet3'
  const device = readdirSync(driver).find(name => name.includes(':'))
  const [name = ''] = readdirSync(`${driver}/${device}/net`)
  execFileSync('ip', ['link', 'set', 'dev', name, 'netns', host.name, 'name', 'eth1'])
}

const config = (more: object) => ({
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: 'net-a',
  mode: 'vxlan',
  vni: 5000,
  local: '192.0.2.1',
  peers: ['192.0.2.2'],
  ipam: { type: 'vethwork-ipam', subnet: '10.60.0.0/24' },
  ...more,
})

const isLeftToTheCard = async (host: Host) =>
  /tx-checksum-ip-generic: on/.test(await host.ok('ethtool', ['-k', 'vx5000']))

ready('vmxnet3', () => {
  const places: Record<string, readonly [master: string, lines: readonly string[]]> = {
    itself: ['eth1', []],
    'below a VLAN of a bond': [
      'bond0.7',
      [
        'link add bond0 type bond mode active-backup',
        'link set eth1 master bond0',
        'link set bond0 up',
        'link add bond0.7 link bond0 up type vlan id 7',
      ],
    ],
  }
  for (const [what, [master, lines]] of Object.entries(places))
    test(what, async () => {
      const { host, runtime, add, del } = await open()
      await plugCardInto(host)
      await host.batch(...lines, `link set ${master} up`, `addr add 192.0.2.1/24 dev ${master}`)
      const container = await host.container()
      const env = { VETHWORK_STATE_DIR: host.stateDir }
      const ids = ['--container-id', container.id, '--netns', container.path]
      const planned = await host.ok(executable, ['plan', 'add', ...ids], {
        env,
        input: JSON.stringify(config({ master })),
      })
      expect(planned).toMatch(/why: vmxnet3 loses .*\n *\$ ethtool -K vx5000 tx-checksum-ip-generic off/)

      await add(container, config({ master }))
      expect(await isLeftToTheCard(host)).toBe(false)
      succeeded(await runtime.check(container, config({ master })))
      await del(container, config({ master }))
      succeeded({ ...(await host.sh(executable, ['prune'], { env })), json: undefined })

      const trusting = config({ master, txChecksum: true })
      await add(container, trusting)
      expect(await isLeftToTheCard(host)).toBe(true)
      await del(container, trusting)
    }, 240_000)
})
