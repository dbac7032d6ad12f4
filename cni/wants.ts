/** What this one attachment asks of the services: the configuration's word, and above it the runtime's. Pure. */

import type { Rates, Wants } from '../src/services/wants.ts'
import type { RuntimeConfig } from './ipamconf.ts'
import type { Fields } from './netconf.ts'
import { parsePortMappings } from './portmappings.ts'

/** @throws CniError(badConfig) that names the field */
export const wantsOf = (fields: Fields, runtime: RuntimeConfig): Wants => ({
  ports: parsePortMappings(runtime.portMappings ?? []),
  rates: { ...none, ...ratesOf(fields), ...ratesOf(runtime.bandwidth ?? {}) },
  groups: runtime.securityGroups,
  aliases: runtime.aliases,
  labels: fields.args?.cni?.labels,
})

const none: Rates = { ingressRate: 0, ingressBurst: 0, egressRate: 0, egressBurst: 0 }

const ratesOf = (from: Partial<Rates>): Partial<Rates> =>
  Object.fromEntries(
    Object.keys(none).flatMap(name => {
      const value = from[name as keyof Rates]
      return value === undefined ? [] : [[name, value]]
    }),
  )
