/** No mode: a bridge and a veth pair a container, field for field as the reference `bridge` plugin. */

import type { Network } from './network.ts'
import { cable, inside, pair } from './plug.ts'
import { bridgeLink, bridgeRules, gateways } from './shared.ts'

export const bridge: Network = {
  defaults: () => ({ bridge: 'cni0' }),
  shared: (conf, lease) => [
    ...bridgeLink(conf, lease),
    ...gateways(conf, lease),
    ...bridgeRules(conf, lease, 'subnet'),
  ],
  plug: (conf, attachment, lease) => [...pair(conf, attachment, lease), ...inside(conf, attachment, lease)],
  endpoint: cable,
}
