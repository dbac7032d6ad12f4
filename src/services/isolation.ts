/** Who may open connections to the containers (firewall's ingressPolicy). */

import type { Service } from './service.ts'

export const isolation: Service = {}
