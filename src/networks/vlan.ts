/** One 802.1Q VLAN of a trunk: the same on every host that the trunk reaches, nothing of another VLAN. */

import { fingerprint } from '../plan/fingerprint.ts'
import { HOST } from '../plan/netns.ts'
import type { Network } from './network.ts'
import { cable, cabled } from './plug.ts'
import { anycastRules, bridgeLink, bridgeRules, gateways } from './shared.ts'
import { uplink } from './uplink.ts'

export const vlan: Network = {
  defaults: () => ({}),
  shared: (conf, lease) => [
    ...anycastRules(conf, lease, [vlanName(conf.master, conf.vlanId)]),
    ...bridgeLink(conf, lease),
    ...uplink(conf, {
      name: vlanName(conf.master, conf.vlanId),
      type: 'vlan',
      lower: { netns: HOST, name: conf.master },
      details: { protocol: '802.1Q', id: conf.vlanId },
      why: `vlanId: frames of VLAN ${conf.vlanId} on ${conf.master}`,
    }),
    ...gateways(conf, lease),
    ...bridgeRules(conf, lease, 'bridge'),
  ],
  plug: cabled,
  endpoint: cable,
}

/** `eth1.100`, as everybody calls it, where 15 bytes are enough. */
const vlanName = (master: string, id: number) => {
  const name = `${master}.${id}`
  return name.length <= 15 ? name : `vl${fingerprint(master, 8)}.${id}`
}
