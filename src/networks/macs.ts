/** MAC addresses are ours to choose: nothing needs to be asked back, and nothing changes them later (pain 18). */

import { hostOf, macOf } from '../../ipam/cidr.ts'
import { hashBytes } from '../plan/fingerprint.ts'

/**
 * What was asked for; else from the address, so that an address keeps its MAC whoever has it (pain 16).
 * @param hostSeed where several hosts share the network: two with the same address must differ to be noticed
 */
export const plugMac = (port: string, requested?: string, address?: string, hostSeed = '') =>
  requested ?? (address && !hostSeed ? macOf(hostOf(address)) : macOfName('02', `${port}${hostSeed}`))

/** Always the same for the same name. */
export const macOfName = (first: '02' | 'fe', name: string) =>
  [first, ...hashBytes(name, 5).map(byte => byte.toString(16).padStart(2, '0'))].join(':')
