/** What `install` puts where. Pure: paths and texts. */

import { type Answers, list, written } from '../conf/samples.ts'

export interface Wish {
  readonly binDir: string
  readonly confDir: string
  /** Where netavark looks for plugins, if it is to find ours: podman 5 calls it by the name of the network's driver. */
  readonly netavarkDir?: string
  /** Names of other plugins under which ours is to be called. */
  readonly as: readonly string[]
  /** Of which a sample configuration is wanted. */
  readonly sample?: Answers
  /** Programs of this host that would take our interfaces over. */
  readonly meddlers: readonly Meddler[]
  /** Names of bridges and tunnels of the networks that are configured here. */
  readonly devices: readonly string[]
}

export type Item = { readonly path: string } & (
  | { readonly kind: 'executable' }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'text'; readonly text: string }
)

export const parcel = ({ binDir, confDir, netavarkDir, as, sample, meddlers, devices }: Wish): Item[] => [
  { kind: 'executable', path: `${binDir}/vethwork` },
  ...as.map((name): Item => ({ kind: 'link', path: `${binDir}/${name}`, target: 'vethwork' })),
  ...(netavarkDir
    ? [{ kind: 'link', path: `${netavarkDir}/vethwork`, target: `${binDir}/vethwork` } as const]
    : []),
  ...meddlers.map((one): Item => ({ kind: 'text', ...snippets[one]([...ours, ...devices]) })),
  ...(sample
    ? [
        {
          kind: 'text',
          path: `${confDir}/10-${sample.name}.conflist`,
          text: written(list(sample)),
        } as const,
      ]
    : []),
]

/** Names that nothing else has: a container's cable, a tunnel of GRE. Bridges are named by people, and so by name. */
const ours = ['veth???????????', 'gre??????????'] as const

const HEAD = '# Written by `vethwork install`; `vethwork uninstall` removes it.\n'

/** By whom it is read: where it lies, and what it says. 69: behind what people write, before the distribution's own. */
const snippets = {
  /** systemd.link(5): udev's default gives virtual interfaces another MAC address. */
  udev: (names: readonly string[]) => ({
    path: '/etc/systemd/network/69-vethwork.link',
    text: `${HEAD}[Match]\nOriginalName=${names.join(' ')}\n\n[Link]\nNamePolicy=keep kernel\nMACAddressPolicy=none\n`,
  }),
  /** systemd.network(5) */
  networkd: (names: readonly string[]) => ({
    path: '/etc/systemd/network/69-vethwork.network',
    text: `${HEAD}[Match]\nName=${names.join(' ')}\n\n[Link]\nUnmanaged=yes\n`,
  }),
  /** NetworkManager.conf(5), "Device List Format" */
  NetworkManager: (names: readonly string[]) => ({
    path: '/etc/NetworkManager/conf.d/69-vethwork.conf',
    text: `${HEAD}[device-vethwork]\nmatch-device=${names.map(name => `interface-name:${name}`).join(';')}\nmanaged=0\n`,
  }),
} as const satisfies Record<string, (names: readonly string[]) => { path: string; text: string }>

export type Meddler = keyof typeof snippets
