/** Containers of one host among themselves: neither host nor outside. */

import { seclusion } from '../services/seclusion.ts'
import { loopback } from './loopback.ts'
import { bridgeName } from './marks.ts'
import type { Network } from './network.ts'
import { inside, pair } from './plug.ts'
import { bridgeLink, bridgeRules } from './shared.ts'

export const local: Network = {
  defaults: name => ({ bridge: bridgeName(name) }),
  shared: (conf, lease) => [
    ...bridgeLink(conf, lease),
    ...seclusion(conf.name, conf.bridge),
    ...bridgeRules(conf, lease, 'bridge'),
  ],
  plug: (conf, attachment, lease) => [
    ...pair(conf, attachment, lease),
    ...loopback(attachment),
    ...inside(conf, attachment, lease),
  ],
}
