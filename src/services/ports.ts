/** Published ports of the host (portmap). */

import type { Service } from './service.ts'

export const ports: Service = {}
