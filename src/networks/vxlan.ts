/** The same layer 2 on every host, carried in UDP across any routed network (RFC 7348). */

import { EVERYBODY } from '../plan/kinds/fdb.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST } from '../plan/netns.ts'
import { computesItself } from './checksums.ts'
import { macOfName } from './macs.ts'
import type { NetConf, Network } from './network.ts'
import { cable, cabled } from './plug.ts'
import { anycastRules, bridgeLink, bridgeRules, gateways } from './shared.ts'
import { uplink } from './uplink.ts'

export const vxlan: Network = {
  defaults: () => ({}),
  shared: (conf, lease) => [
    ...anycastRules(conf, lease, [vtepName(conf.vni)]),
    ...bridgeLink(conf, lease),
    ...vtep(conf),
    ...others(conf),
    ...ownChecksums(conf),
    ...gateways(conf, lease),
    ...bridgeRules(conf, lease, 'bridge'),
  ],
  plug: cabled,
  endpoint: cable,
}

/** A VNI has 8 digits at most. */
export const vtepName = (vni: number) => `vx${vni}`

/** This host's end of all tunnels of the network. */
const vtep = (conf: NetConf): Desired[] => {
  const { vni, group, local, port, learning, master } = conf
  return uplink(conf, {
    name: vtepName(vni),
    type: 'vxlan',
    lower: master ? { netns: HOST, name: master } : undefined,
    details: {
      id: vni,
      ...(group ? { [group.includes(':') ? 'group6' : 'group']: group } : {}),
      ...(local ? { [local.includes(':') ? 'local6' : 'local']: local } : {}),
      port,
      learning,
      // Told all, it answers for all: no ARP and no ND crosses the underlay.
      ...(learning ? {} : { proxy: true }),
    },
    mac: macOfName('02', `${vni} ${local}`),
    why: `vni: frames of ${vni} in UDP ${port}`,
  })
}

/** The card is not to compute them: slower, for large segments are cut before the tunnel, too. */
const ownChecksums = (conf: NetConf): Desired[] =>
  computesItself(conf)
    ? [
        {
          kind: 'offload',
          scope: 'network',
          netns: HOST,
          dev: vtepName(conf.vni),
          on: false,
          why: conf.checksumFault ?? 'txChecksum: false',
        },
      ]
    : []

/** Head-end replication: what goes to all goes to each peer, for underlays without multicast. */
const others = ({ vni, peers, local }: NetConf): Desired[] =>
  peers
    .filter(dst => dst !== local)
    .map(
      (dst): Desired => ({
        kind: 'fdb',
        scope: 'network',
        netns: HOST,
        dev: vtepName(vni),
        mac: EVERYBODY,
        dst,
        why: 'peers: head-end replication',
      }),
    )
