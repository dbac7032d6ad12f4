/** All services. To add one: its file, its line here. */

import type { NetConf } from '../networks/network.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { coexistence } from './coexistence.ts'
import { ipspoofchk } from './ipspoofchk.ts'
import { isolation } from './isolation.ts'
import { macspoofchk } from './macspoofchk.ts'
import { ports } from './ports.ts'
import { securityGroups } from './securitygroups.ts'
import type { Endpoint, Service } from './service.ts'
import { shaping } from './shaping.ts'
import { sourcerouting } from './sourcerouting.ts'
import { tuning } from './tuning.ts'
import type { Wants } from './wants.ts'

const services: readonly Service[] = [
  coexistence,
  macspoofchk,
  ipspoofchk,
  isolation,
  securityGroups,
  ports,
  tuning,
  sourcerouting,
  shaping,
]

/** What the network shares for its services, the rules about one attachment, and what its plug has. */
export const serve = (conf: NetConf, endpoint: Endpoint, wants: Wants) => {
  const each = (part: keyof Service): Desired[] =>
    services.flatMap(service => service[part]?.(conf, endpoint, wants) ?? [])
  return { shared: each('shared'), rules: each('rules'), plug: each('plug') }
}
