/** The physical network as it is: the bridge is plugged into an interface, untagged, and takes the host's place on it. */

import { HOST } from '../plan/netns.ts'
import { networkAlias } from './marks.ts'
import type { Network } from './network.ts'
import { cable, cabled } from './plug.ts'
import { bridgeRules, gateways } from './shared.ts'

export const flat: Network = {
  defaults: () => ({}),
  shared: (conf, lease) => [
    {
      kind: 'link',
      scope: 'network',
      netns: HOST,
      name: conf.bridge,
      type: 'bridge',
      alias: networkAlias(conf.name),
      // The interface's own MAC: to the neighbours the host stays who it was.
      settings: { up: true, mac: conf.hostSeed, mtu: conf.mtu || undefined },
      why: 'bridge: every container of the network is plugged into it',
    },
    {
      kind: 'link',
      scope: 'network',
      netns: HOST,
      name: conf.master,
      type: 'given',
      settings: { up: true },
      why: `master: ${conf.master} leads out`,
    },
    {
      kind: 'takeover',
      scope: 'network',
      netns: HOST,
      dev: conf.master,
      bridge: conf.bridge,
      why: `master: the bridge is plugged into ${conf.master}`,
    },
    ...gateways(conf, lease),
    ...bridgeRules(conf, lease, 'bridge'),
  ],
  plug: cabled,
  endpoint: cable,
}
