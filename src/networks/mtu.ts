/** What only this host knows of a network that leaves it: how large a packet may be inside a tunnel (pain 13), and from where it goes. */

import { CniError, codes } from '../../cni/errors.ts'
import { familyOf } from '../../ipam/cidr.ts'
import { type Carrier, checksumFault } from './checksums.ts'
import type { NetConf } from './network.ts'

/**
 * Bytes that a mode puts around a packet, by the family of the underlay: outer IP, then UDP and VXLAN
 * (8 + 8, RFC 7348) or GRE with a key (8, RFC 2890), then the inner Ethernet header (14).
 */
const overhead = {
  vxlan: { 4: 20 + 8 + 8 + 14, 6: 40 + 8 + 8 + 14 },
  gre: { 4: 20 + 8 + 14, 6: 40 + 8 + 14 },
} as const

/** What is known of the interface that leads out. */
export interface Underlay extends Carrier {
  readonly name: string
  readonly mac: string
  readonly mtu: number
  /** Its own addresses, without prefix lengths. */
  readonly addresses: readonly string[]
}

/**
 * The configuration with what only this host knows: the MTU that fits, and this host's end of the tunnels.
 * @throws CniError(badConfig) for an `mtu` that does not fit, with the number that does
 */
export const fitted = (conf: NetConf, underlay: Underlay): NetConf => {
  const { mode } = conf
  const tunnel = mode === 'vxlan' || mode === 'gre'
  const local = tunnel ? conf.local || pickLocal(conf, underlay) : conf.local
  if (tunnel && !local)
    throw new CniError(
      codes.badConfig,
      `master: '${underlay.name}' has no address of the family of the other hosts'`,
      'give it one, or set local',
    )
  const most = underlay.mtu - (tunnel ? overhead[mode][familyOf(local)] : 0)
  if (conf.mtu > most)
    throw new CniError(
      codes.badConfig,
      `mtu: ${conf.mtu} does not fit through '${underlay.name}', whose MTU is ${underlay.mtu}`,
      `set it to ${most}, or leave it out`,
    )
  return {
    ...conf,
    local,
    mtu: conf.mtu || most,
    hostSeed: underlay.mac,
    checksumFault: conf.txChecksum === undefined ? checksumFault(underlay) : undefined,
  }
}

/** Of the master's addresses the one that is among the peers, else the first of their family. */
const pickLocal = ({ peers, group }: NetConf, { addresses }: Underlay) => {
  const other = peers[0] ?? group
  if (!other) return addresses[0] ?? ''
  const family = familyOf(other)
  return addresses.find(one => peers.includes(one)) ?? addresses.find(one => familyOf(one) === family) ?? ''
}
