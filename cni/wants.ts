/** What this one attachment asks of the services: the configuration's word, and above it the runtime's. Pure. */

import type { PortMapping, Wants } from '../src/services/wants.ts'
import { CniError, codes } from './errors.ts'
import type { RuntimeConfig } from './ipamconf.ts'
import type { Fields } from './netconf.ts'
import { ratesOf } from './rates.ts'

/** @throws CniError(badConfig) that names the field */
export const wantsOf = (fields: Fields, runtime: RuntimeConfig, plugin: string): Wants => ({
  ports: (runtime.portMappings ?? []).flatMap(portMapping),
  rates: ratesOf(fields, runtime.bandwidth ?? {}, plugin === 'bandwidth'),
  groups: runtime.securityGroups,
})

type Given = NonNullable<RuntimeConfig['portMappings']>[number]

/** hostPort 0 means that nothing is published: CRI sends it for every port of a container. */
const portMapping = ({ hostPort = 0, containerPort, protocol = 'tcp', hostIP = '' }: Given, n: number) =>
  hostPort
    ? [{ hostPort, containerPort, protocol: protocolOf(protocol, n), hostIP } satisfies PortMapping]
    : []

const protocols = ['tcp', 'udp', 'sctp'] as const

const protocolOf = (text: string, n: number) => {
  const found = protocols.find(one => one === text.toLowerCase())
  if (found) return found
  throw new CniError(
    codes.badConfig,
    `runtimeConfig.portMappings[${n}].protocol: ${JSON.stringify(text)} must be one of ${protocols.join(', ')}`,
    'correct it',
  )
}
