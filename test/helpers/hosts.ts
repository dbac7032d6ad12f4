import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { settled } from './difference.ts'
import type { Netns } from './netns.ts'
import { pings } from './packets.ts'
import { executable } from './plugins.ts'
import type { Ran } from './run.ts'
import type { Scene, scenes } from './scene.ts'
import { snapshot } from './snapshot.ts'

/** One of several hosts on a LAN: its eth1 has 192.0.2.N/24 and 2001:db8::N/64, and its default routes go by that. */
export interface Site extends Scene {
  /** From 1. */
  readonly n: number
  readonly v4: string
  readonly v6: string
  /** The interface that leads out: eth1, where nothing else was asked for. */
  readonly master: string
  /** Its port at the switch, for captures. */
  readonly port: string
  /** vethwork on the command line: `cli('prune')`. */
  cli(...args: string[]): Promise<Ran>
  /** What there is on this host, for later. */
  remember(): Promise<{ expectSame(...gone: readonly { id: string }[]): Promise<void> }>
}

/** Hosts joined by a switch. The switch is their router, too: 192.0.2.254, 2001:db8::fe. */
export interface Lan {
  readonly sites: readonly [Site, Site, ...Site[]]
  readonly wire: Netns
}

export const router = { v4: '192.0.2.254', v6: '2001:db8::fe' } as const
/** Behind the router: reached by the default routes. */
export const far = { v4: '198.51.100.1', v6: '2001:db8:51::1' } as const

/** @param masters names of their interfaces; as many hosts as names */
export const lan = async (
  open: ReturnType<typeof scenes>,
  masters: readonly string[] = ['eth1', 'eth1'],
): Promise<Lan> => {
  const { host: wire } = await open()
  // It floods what is multicast, as a switch without snooping; and keeps still itself.
  await wire.batch(
    'link add sw0 type bridge mcast_snooping 0 forward_delay 0',
    'link set sw0 up',
    `addr add ${router.v4}/24 dev sw0`,
    `addr add ${router.v6}/64 dev sw0 nodad`,
    `addr add ${far.v4}/32 dev lo`,
    `addr add ${far.v6}/128 dev lo nodad`,
  )
  const sites: Site[] = []
  const macs: string[] = []
  for (const [index, master] of masters.entries()) sites.push(await site(open, wire, index + 1, master, macs))
  // It has changed with each port.
  macs.push(await macOf(wire, 'sw0'))
  for (const { host } of sites)
    for (const to of [router.v4, router.v6, ...sites.flatMap(({ v4, v6 }) => [v4, v6])])
      if (!(await pings(host, to)))
        throw new Error(`the LAN does not work: ${host.name} does not reach ${to}`)
  return { sites: sites as unknown as Lan['sites'], wire }
}

const macOf = async (netns: Netns, name: string): Promise<string> =>
  (await netns.ip(`link show dev ${name}`))[0].address

/** @param macs of all that is on the LAN, this host's too as soon as it is there */
const site = async (
  open: ReturnType<typeof scenes>,
  wire: Netns,
  n: number,
  master: string,
  macs: string[],
): Promise<Site> => {
  const env: Record<string, string> = {}
  const opened = await open({ env })
  const { host } = opened
  env.VETHWORK_HOST_FILE = join(host.directory, 'host.json')
  writeFileSync(env.VETHWORK_HOST_FILE, JSON.stringify({ physicalNetworks: { default: master } }))
  const port = `p${n}`
  const [v4, v6] = [`192.0.2.${n}`, `2001:db8::${n}`]
  await wire.batch(
    `link add ${port} master sw0 up type veth peer name ${master} address 02:00:00:00:01:0${n} netns ${host.name}`,
    `link set ${port} up`,
  )
  await host.batch(
    `link set ${master} up`,
    `addr add ${v4}/24 dev ${master}`,
    `addr add ${v6}/64 dev ${master} nodad`,
    `route add default via ${router.v4}`,
    `route add ::/0 via ${router.v6}`,
  )
  macs.push(await macOf(host, master))
  const own = { VETHWORK_STATE_DIR: host.stateDir, ...env }
  const take = () => snapshot(host)
  return {
    ...opened,
    n,
    v4,
    v6,
    master,
    port,
    cli: (...args) => host.sh(executable, args, { env: own }),
    remember: async () => {
      const before = await take()
      return {
        expectSame: async (...gone) => {
          // The LAN says what it likes when it likes, to a bridge that has the interface's place, too.
          const except = opened.passing(gone as never, [
            new RegExp(`neighbours: \\S+ ${master} `),
            new RegExp(`neighbours: .*"(${macs.join('|')})"`),
          ])
          expect(await settled(before, take, { except })).toEqual([])
        },
      }
    },
  }
}
