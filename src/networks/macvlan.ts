/** The container's own MAC address on a physical interface: the LAN as it is, without a bridge, and without the host. */

import { lowerPlug } from './lowerplug.ts'
import type { Network } from './network.ts'
import { alone } from './plug.ts'

export const macvlan: Network = {
  defaults: () => ({}),
  shared: () => [],
  plug: (conf, attachment, lease) =>
    lowerPlug(conf, attachment, lease, {
      type: 'macvlan',
      details: { mode: conf.macvlanMode, ...(conf.bcqueuelen ? { bcqueuelen: conf.bcqueuelen } : {}) },
      why: `macvlanMode ${conf.macvlanMode} on ${conf.master}`,
    }),
  endpoint: alone,
}
