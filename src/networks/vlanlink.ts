/** The reference `vlan` plugin: the VLAN's sub-interface itself is the container's, without a bridge. */

import { lowerPlug } from './lowerplug.ts'
import type { Network } from './network.ts'
import { alone } from './plug.ts'

export const vlanlink: Network = {
  defaults: () => ({}),
  shared: () => [],
  plug: (conf, attachment, lease) =>
    lowerPlug(conf, attachment, lease, {
      type: 'vlan',
      details: { protocol: '802.1Q', id: conf.vlanId },
      why: `vlanId: VLAN ${conf.vlanId} on ${conf.master}`,
    }),
  endpoint: alone,
}
