/** The container's own addresses on a physical interface that keeps its one MAC address. */

import { lowerPlug } from './lowerplug.ts'
import type { Network } from './network.ts'
import { alone } from './plug.ts'

export const ipvlan: Network = {
  defaults: () => ({}),
  shared: () => [],
  plug: (conf, attachment, lease) =>
    lowerPlug(conf, attachment, lease, {
      type: 'ipvlan',
      details: { mode: conf.ipvlanMode },
      why: `ipvlanMode ${conf.ipvlanMode} on ${conf.master}`,
    }),
  endpoint: alone,
}
