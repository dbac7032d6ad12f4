/** Docker's network: a bridge of its own, the host as router, and everybody outside sees the host's address. */

import { loopback } from './loopback.ts'
import { bridgeName } from './marks.ts'
import type { Network } from './network.ts'
import { inside, pair } from './plug.ts'
import { bridgeLink, bridgeRules, gateways } from './shared.ts'

export const nat: Network = {
  defaults: name => ({
    bridge: bridgeName(name),
    isGateway: true,
    isDefaultGateway: true,
    ipMasq: true,
    hairpinMode: true,
  }),
  shared: (conf, lease) => [
    ...bridgeLink(conf, lease),
    ...gateways(conf, lease),
    ...bridgeRules(conf, lease, 'bridge'),
  ],
  plug: (conf, attachment, lease) => [
    ...pair(conf, attachment, lease),
    ...loopback(attachment),
    ...inside(conf, attachment, lease),
  ],
}
