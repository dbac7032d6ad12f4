/**
 * Who may open connections to the containers, by bridges (the reference firewall's `ingressPolicy`):
 * `same-bridge` keeps the containers of other bridges that have such a policy out, not the outside;
 * `isolated` also those of the same bridge, and these by the kernel's port isolation (bridge(8), "isolated").
 */

import { nftName, nftSuffix } from '../networks/marks.ts'
import type { NetConf } from '../networks/network.ts'
import { sharedMark } from '../plan/kinds/ruleset.ts'
import { HOST } from '../plan/netns.ts'
import type { Service } from './service.ts'

/** The bridges of all networks that keep others out. */
export const BRIDGES = 'secluded-bridges'
export const TABLE = 'inet vethwork'

export const keepsOut = ({ ingressPolicy }: Pick<NetConf, 'ingressPolicy'>) =>
  ingressPolicy === 'same-bridge' || ingressPolicy === 'isolated'

/** The first field that needs the container's port on a bridge; undefined if there is none. */
export const watching = (net: NetConf) =>
  net.securityGroups
    ? 'securityGroups'
    : net.ipspoofchk
      ? 'ipspoofchk'
      : keepsOut(net)
        ? 'ingressPolicy'
        : undefined

export const isolation: Service = {
  shared(conf, { bridge }) {
    if (!keepsOut(conf) || !bridge) return []
    const { name: network, ingressPolicy } = conf
    const common = {
      scope: 'network',
      netns: HOST,
      table: TABLE,
      why: `ingressPolicy: ${ingressPolicy}`,
    } as const
    const others = `iifname "${bridge}" oifname != "${bridge}" oifname @${BRIDGES} drop`
    // Whoever cannot reach a neighbour by the bridge, must not by the host as its router.
    const neighbours = `iifname "${bridge}" oifname "${bridge}" drop`
    return [
      {
        ...common,
        kind: 'ruleset',
        network: '',
        suffix: '',
        sets: [{ name: BRIDGES, spec: 'type ifname;' }],
        chains: [],
      },
      {
        ...common,
        kind: 'ruleset',
        network,
        suffix: nftSuffix(network),
        sets: [],
        chains: [
          {
            name: nftName('isolation', network),
            hook: 'type filter hook forward priority filter;',
            rules: isAlone(conf) && ingressPolicy === 'isolated' ? [others, neighbours] : [others],
            exact: true,
          },
        ],
      },
      { ...common, kind: 'element', set: BRIDGES, key: bridge, comment: sharedMark(nftSuffix(network)) },
    ]
  },

  /** A port that another plugin made; of ours it is a property from its birth. */
  plug({ mode, ingressPolicy }, { port }) {
    if (mode !== 'chained' || ingressPolicy !== 'isolated' || !port) return []
    return [
      {
        kind: 'link',
        scope: 'attachment',
        netns: HOST,
        name: port,
        type: 'given',
        settings: { isolated: true },
        why: 'ingressPolicy: isolated',
      },
    ]
  },
}

/** No port of the bridge leads out: with br_netfilter such frames come by where the host forwards. */
const isAlone = ({ mode }: NetConf) => ['bridge', 'nat', 'local', 'chained'].includes(mode)
