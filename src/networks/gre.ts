/** The same layer 2 on every host, by a GRE tunnel to each of the others (RFC 2784; the key, RFC 2890). */

import { familyOf } from '../../ipam/cidr.ts'
import { fingerprint } from '../plan/fingerprint.ts'
import type { NetConf, Network } from './network.ts'
import { cable, cabled } from './plug.ts'
import { anycastRules, bridgeLink, bridgeRules, gateways } from './shared.ts'
import { type Device, uplink } from './uplink.ts'

export const gre: Network = {
  defaults: () => ({}),
  shared: (conf, lease) => [
    ...anycastRules(
      conf,
      lease,
      tunnels(conf).map(({ name }) => name),
    ),
    ...bridgeLink(conf, lease),
    ...tunnels(conf).flatMap(device => uplink(conf, device)),
    ...gateways(conf, lease),
    ...bridgeRules(conf, lease, 'bridge'),
  ],
  plug: cabled,
  endpoint: cable,
}

/** One to each other host. Nothing passes from one to another: everybody has a tunnel to everybody. */
const tunnels = ({ key, local, peers }: NetConf): Device[] =>
  peers
    .filter(remote => remote !== local)
    .map(remote => ({
      name: `gre${fingerprint(`${key} ${local} ${remote}`, 10)}`,
      type: familyOf(remote) === 4 ? 'gretap' : 'ip6gretap',
      details: { remote, local, ikey: quad(key), okey: quad(key), ...(familyOf(remote) === 6 ? WHOLE : {}) },
      isolated: true,
      why: `peers: the tunnel to ${remote}`,
    }))

/** No option that limits how often a packet may be put into another: it would cost 8 bytes of each. */
const WHOLE = { ip6_tnl_f_ign_encap_limit: true } as const

/** A key as `ip -j` shows it: 77 is 0.0.0.77. */
const quad = (key: number) => [24, 16, 8, 0].map(shift => (key >>> shift) & 255).join('.')
