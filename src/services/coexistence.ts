/** Rules of others that would drop what this network needs: FORWARD with policy DROP, br_netfilter. */

import type { Service } from './service.ts'

export const coexistence: Service = {}
