/** Docker's network: a bridge of its own, the host as router, and everybody outside sees the host's address. */

import type { Network } from './network.ts'
import { cable, cabled } from './plug.ts'
import { bridgeLink, bridgeRules, gateways } from './shared.ts'

export const nat: Network = {
  defaults: () => ({
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
  plug: cabled,
  endpoint: cable,
}
