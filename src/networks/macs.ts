/** MAC addresses are ours to choose: nothing needs to be asked back, and nothing changes them later (pain 18). */

import { hostOf, macOf } from '../../ipam/cidr.ts'
import { fingerprint } from '../plan/fingerprint.ts'

/** What was asked for; else from the address, so that an address keeps its MAC whoever has it (pain 16). */
export const plugMac = (port: string, requested?: string, address?: string) =>
  requested ?? (address ? macOf(hostOf(address)) : macOfName('02', port))

/** Always the same for the same name. */
export const macOfName = (first: '02' | 'fe', name: string) => {
  const bytes = Array.from({ length: 5 }, (_, n) => Number.parseInt(fingerprint(`${name} ${n}`, 2), 36) % 256)
  return [first, ...bytes.map(byte => byte.toString(16).padStart(2, '0'))].join(':')
}
