/** The interface by which a network leaves this host. */

import { CniError, codes } from '../../cni/errors.ts'
import { hostOf } from '../../ipam/cidr.ts'
import type { Underlay } from '../networks/mtu.ts'
import type { NetConf } from '../networks/network.ts'
import type { Netns } from '../plan/netns.ts'
import { driversOf } from './carrier.ts'
import { linkOf } from './ipjson.ts'
import { ipShow } from './iproute2.ts'
import { seeLinks } from './look.ts'
import { contentOf } from './procfs.ts'

/** By its name, by the tunnels' own address, or (as the reference macvlan) by the default route. */
export const underlayOf = async ({ mode, master, local }: NetConf, netns: Netns): Promise<Underlay> => {
  const name = master || (local ? '' : await defaultDevice(netns))
  if (!name && !local)
    throw new CniError(
      codes.badConfig,
      'master is missing, and there is no default route',
      'name the interface that leads out',
    )
  // Only of VXLAN is anything known of drivers that matters.
  const found =
    name && mode !== 'vxlan'
      ? (await seeLinks(netns, [name])).map(link => ({ link, json: undefined }))
      : (await ipShow(netns, [name ? `addr show dev ${name}` : `addr show to ${local}`])).map(json => ({
          link: linkOf(json),
          json,
        }))
  const one = found.find(({ link }) => name || link.addresses.length)
  if (!one) throw missing(name, local)
  const { link, json } = one
  const addresses = link.addresses
    .filter(({ scope }) => scope === 'global')
    .map(({ address }) => hostOf(address))
  if (local && !addresses.includes(local)) throw missing('', local)
  const drivers = mode === 'vxlan' && json ? await driversOf(netns, json) : []
  return {
    name: link.name,
    mac: link.mac,
    mtu: link.mtu,
    addresses,
    drivers,
    kernel: contentOf('/proc/sys/kernel/osrelease').trim(),
  }
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
