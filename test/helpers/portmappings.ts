import { configOf, type Family, type ModeName } from './modes.ts'

export interface Mapping {
  readonly hostPort?: number
  readonly containerPort?: number
  readonly protocol?: string
  readonly hostIP?: string
  readonly range?: number
}

export const web: Mapping = { hostPort: 8080, containerPort: 80, protocol: 'tcp' }
export const dns: Mapping = { hostPort: 5353, containerPort: 53, protocol: 'udp' }

/** A network of ours whose container publishes these ports. */
export const publishing = (
  portMappings: readonly Mapping[],
  more: Record<string, unknown> = {},
  mode: ModeName = 'nat',
  family: Family = 'dual',
) => configOf(mode, family, { runtimeConfig: { portMappings }, ...more })
