/** Containers of one host among themselves: neither host nor outside. */

import { seclusion } from '../services/seclusion.ts'
import type { Network } from './network.ts'
import { cable, cabled } from './plug.ts'
import { bridgeLink, bridgeRules } from './shared.ts'

export const local: Network = {
  defaults: () => ({}),
  shared: (conf, lease) => [
    ...bridgeLink(conf, lease),
    ...seclusion(conf.name, conf.bridge),
    ...bridgeRules(conf, lease, 'bridge'),
  ],
  plug: cabled,
  endpoint: cable,
}
