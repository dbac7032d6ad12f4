/** What comes from an address of an interface leaves by that interface (sbr). */

import type { Service } from './service.ts'

export const sourcerouting: Service = {}
