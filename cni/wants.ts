/** What this one attachment asks of the services: the configuration's word, and above it the runtime's. Pure. */

import type { Wants } from '../src/services/wants.ts'
import type { RuntimeConfig } from './ipamconf.ts'
import type { Fields } from './netconf.ts'
import { parsePortMappings } from './portmappings.ts'
import { ratesOf } from './rates.ts'

/** @throws CniError(badConfig) that names the field */
export const wantsOf = (fields: Fields, runtime: RuntimeConfig, plugin: string): Wants => ({
  ports: parsePortMappings(runtime.portMappings ?? []),
  rates: ratesOf(fields, runtime.bandwidth ?? {}, plugin === 'bandwidth'),
  groups: runtime.securityGroups,
  aliases: runtime.aliases,
  labels: fields.args?.cni?.labels,
})
