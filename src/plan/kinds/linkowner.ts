/** Whose a link is that was found under the name of one of ours: what may be set on it, and deleted. */

import { CniError, codes } from '../../../cni/errors.ts'
import { HOST } from '../netns.ts'
import type { ObservedLink } from '../observed.ts'
import type { Link } from './link.ts'

/**
 * An attachment's link on the host has a name that nothing else has. Everywhere else a link is
 * ours only if it says so: the network's may have been there before us, the container's is the container's.
 */
export const isOurs = (desired: Link, found: ObservedLink) => {
  if (desired.type === 'given') return false
  if (desired.scope === 'attachment' && desired.netns === HOST) return true
  if (isUnmarked(desired, found)) return true
  return found.alias.split(' ')[0] === desired.alias?.split(' ')[0]
}

/** It joins a bridge of its network, as a VLAN's or VXLAN's device does. */
export const isUplink = ({ scope, settings }: Link) => scope === 'network' && settings.master !== undefined

/** Born in our bridge, as ours are; a crash came before its mark. */
export const isUnmarked = (desired: Link, found: ObservedLink) =>
  isUplink(desired) && found.alias === '' && found.master === desired.settings.master

/** The error for an uplink of another's: it would be taken from there. */
export const notOurs = ({ type, name }: Link) =>
  new CniError(
    codes.foreign,
    `the ${type} '${name}' exists and is not this network's`,
    'delete it, or use another ID',
  )

/** Of a bridge that was there before us, or is another network's, only what we need is set. */
export const enforced = (desired: Link, found: ObservedLink): Link => {
  if (isOurs(desired, found)) return desired
  const { up, promisc, vlanFiltering } = desired.settings
  return { ...desired, settings: { up, promisc, vlanFiltering } }
}

/** A link of another type under our name. @throws CniError codes.foreign */
export const refuseForeign = ({ name, type }: Link, found: ObservedLink) => {
  if (found.type === type) return
  const actual = found.type ? `a ${found.type}` : 'no virtual device'
  throw new CniError(
    codes.foreign,
    `the interface '${name}' exists and is ${actual}, not a ${type}`,
    type === 'bridge' ? "choose another name in the field 'bridge', or delete that interface" : 'delete it',
  )
}
