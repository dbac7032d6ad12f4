/** A container sends from its own addresses only, and answers ARP and ND for no others. */

import type { Service } from './service.ts'

export const ipspoofchk: Service = {}
