/** The interface by which a network leaves this host. */

import { release } from 'node:os'
import { CniError, codes } from '../../cni/errors.ts'
import { hostOf } from '../../ipam/cidr.ts'
import type { Underlay } from '../networks/mtu.ts'
import type { NetConf } from '../networks/network.ts'
import type { Netns } from '../plan/netns.ts'
import { driversOf } from './carrier.ts'
import { linkOf } from './ipjson.ts'
import { ipShow } from './iproute2.ts'

/** By its name, by the tunnels' own address, or (as the reference macvlan) by the default route. */
export const underlayOf = async ({ mode, master, local }: NetConf, netns: Netns): Promise<Underlay> => {
  const name = master || (local ? '' : await defaultDevice(netns))
  if (!name && !local)
    throw new CniError(
      codes.badConfig,
      'master is missing, and there is no default route',
      'name the interface that leads out',
    )
  const line = name ? `addr show dev ${name}` : `addr show to ${local}`
  const found = await ipShow(netns, [line])
  const json = found.find(one => name || one.addr_info?.length)
  if (!json) throw missing(name, local)
  const link = linkOf(json)
  const addresses = link.addresses
    .filter(({ scope }) => scope === 'global')
    .map(({ address }) => hostOf(address))
  if (local && !addresses.includes(local)) throw missing('', local)
  // Only there is anything known of them that matters.
  const drivers = mode === 'vxlan' ? await driversOf(netns, json) : []
  return { name: link.name, mac: link.mac, mtu: link.mtu, addresses, drivers, kernel: release() }
}

const defaultDevice = async (netns: Netns) =>
  String((await ipShow(netns, ['route show default']))[0]?.dev ?? '')

const missing = (name: string, local: string) =>
  name || !local
    ? new CniError(
        codes.badConfig,
        `master: the interface '${name}' does not exist`,
        'name one of this host (ip link), or a physicalNetwork',
      )
    : new CniError(
        codes.badConfig,
        `local: no interface has the address ${local}`,
        "give one of this host's addresses, or name the master",
      )
