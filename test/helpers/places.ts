/** Two containers that reach each other and the outside: where networks are broken by hand. */
import { join } from 'node:path'
import type { Way } from './breakages.ts'
import type { Container, Host } from './host.ts'
import { lan } from './hosts.ts'
import type { Netns } from './netns.ts'
import { connect, listen, pings } from './packets.ts'
import type { Extra } from './runtime.ts'
import type { Scene, scenes } from './scene.ts'
import { plugIn, type Spanning } from './spanning.ts'
import { native } from './spanning-modes.ts'

type Open = ReturnType<typeof scenes>
type Config = Readonly<Record<string, unknown>>

export interface Place extends Pick<Scene, 'host' | 'runtime' | 'add'> {
  /** `one` has the first address of the subnet; in a tunnel `two` is on another host. */
  readonly one: Container
  readonly two: Container
  /** A machine beyond the host; in a tunnel the switch between the hosts. */
  readonly outside: Netns
  readonly wire?: Netns
  readonly config: Config
  readonly network: string
  readonly bridge: string
  /** The host's end of the cable of `one`. */
  readonly port: string
  /** Where runtimes of this host look for plugins. */
  readonly binDir: string
  /** What programs of this host must be told besides: where its file of interfaces is. */
  readonly env: Readonly<Record<string, string>>
  listen(at: Host, port: number): Promise<void>
  /** Services that are to end with the test. */
  readonly services: { stop(): Promise<unknown> }[]
}

const placeOf = (
  opened: Pick<Scene, 'host' | 'runtime' | 'add'>,
  more: Pick<Place, 'one' | 'two' | 'outside' | 'wire' | 'config' | 'bridge' | 'port'> &
    Partial<Pick<Place, 'env'>>,
): Place => {
  const services: Place['services'] = []
  return {
    env: {},
    ...opened,
    ...more,
    network: String(more.config.name),
    binDir: join(opened.host.directory, 'bin'),
    services,
    listen: async (at, port) => void services.push(await listen(at, port)),
  }
}

/** One host and a machine outside. */
export const wired =
  (config: Config, extra?: Extra) =>
  async (open: Open): Promise<Place> => {
    const opened = await open()
    const [one, two] = (await opened.host.containers(2)) as [Container, Container]
    const outside = await opened.host.outside()
    const { json } = await opened.add(one, config, extra)
    // A port of the host is one container's.
    const { runtimeConfig: _, ...others } = config
    await opened.add(two, others, extra)
    const [bridge, port] = json.interfaces.map(({ name }: { name: string }) => name) as [string, string]
    return placeOf(opened, { one, two, outside, config, bridge, port })
  }

/** Two hosts, joined by a VXLAN. */
export const tunnelled = (more: Config = {}) => spanned(native['vxlan, peers']!, more)

/** Two hosts, joined by a network that leaves them. */
export const spanned =
  (mode: Spanning, more: Config = {}) =>
  async (open: Open): Promise<Place> => {
    const { sites, wire } = await lan(open)
    const [here, there] = [
      await plugIn(sites[0], mode, false, more),
      await plugIn(sites[1], mode, false, more),
    ]
    const [bridge, port] = here.result.interfaces.map(({ name }: { name: string }) => name)
    return placeOf(sites[0], {
      one: here.container,
      two: there.container,
      outside: wire,
      wire,
      config: here.config,
      bridge,
      port,
      env: { VETHWORK_HOST_FILE: join(sites[0].host.directory, 'host.json') },
    })
  }

/** Whether it is so: one try, and no long wait for what is not to come. */
export const isStopped = async (place: Place, { from, to, port }: Way): Promise<boolean> => {
  if (port !== undefined) return (await connect(place[from], to, port, 1)) === undefined
  return (await place[from].sh('ping', ['-n', '-c1', '-W0.3', to])).exitCode !== 0
}

/** Whether a packet gets there and its answer comes back. @param tries of a second each */
export const passes = async (place: Place, { from, to, port }: Way, tries = 5): Promise<boolean> => {
  if (port === undefined) return pings(place[from], to, tries)
  for (let n = 0; n < tries; n++) if ((await connect(place[from], to, port, 1)) !== undefined) return true
  return false
}
