/** The bridge's plug towards other hosts: some device, enslaved like a container's end. */

import type { Desired } from '../plan/kinds/index.ts'
import type { Link } from '../plan/kinds/link.ts'
import { HOST } from '../plan/netns.ts'
import { networkAlias } from './marks.ts'
import type { NetConf } from './network.ts'

export type Device = Pick<Link, 'name' | 'type' | 'lower' | 'details'> & {
  readonly mac?: string
  /** Nothing passes from one tunnel to another: else a frame would go round for ever. */
  readonly isolated?: boolean
  readonly why: string
}

export const uplink = (
  { name: network, bridge, mtu }: NetConf,
  { mac, isolated, why, ...device }: Device,
): Desired[] => [
  {
    kind: 'link',
    scope: 'network',
    netns: HOST,
    ...device,
    alias: networkAlias(network),
    settings: { up: true, mtu: mtu || undefined, mac, master: bridge, isolated },
    why,
  },
  {
    kind: 'sysctl',
    scope: 'network',
    netns: HOST,
    dev: device.name,
    key: `net/ipv6/conf/${device.name}/disable_ipv6`,
    value: '1',
    optional: true,
    why: 'a cable has nothing to say by itself',
  },
]
