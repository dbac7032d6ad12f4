/** The networks of issue 2, one of each kind, in each family: what their tests attach containers to. */

export type Family = 'v4' | 'v6' | 'dual'
export const families: readonly Family[] = ['v4', 'v6', 'dual']

/** By family: of the network, of its gateway, and of what lies beyond the host. */
export const subnets = { v4: '10.44.0.0/24', v6: 'fd00:44::/64' } as const
export const gateways = { v4: '10.44.0.1', v6: 'fd00:44::1' } as const
export const beyond = { v4: '198.51.100.2', v6: '2001:db8:51::2' } as const
export const hostSeen = { v4: '198.51.100.1', v6: '2001:db8:51::1' } as const

export const eachOf = (family: Family) => (family === 'dual' ? (['v4', 'v6'] as const) : [family])

export interface Mode {
  readonly config: Record<string, unknown>
  /** Containers of the network reach each other. */
  readonly peers: boolean
  /** Containers reach the gateway. */
  readonly gateway: boolean
  /** Containers reach the outside, which sees the host's address. */
  readonly outside: boolean
}

const routed = { peers: true, gateway: true, outside: true }
const masqueraded = { isDefaultGateway: true, ipMasq: true }

/** `type`, `name` and addresses are put in by `configOf`. */
export const modes = {
  'ipMasq by nftables': { config: { ...masqueraded, ipMasqBackend: 'nftables' }, ...routed },
  'ipMasq by iptables': { config: { ...masqueraded, ipMasqBackend: 'iptables' }, ...routed },
  macspoofchk: { config: { ...masqueraded, macspoofchk: true }, ...routed },
  portIsolation: { config: { ...masqueraded, portIsolation: true }, ...routed, peers: false },
  hairpinMode: { config: { ...masqueraded, hairpinMode: true }, ...routed },
  nat: { config: { mode: 'nat' }, ...routed },
  ipspoofchk: { config: { ...masqueraded, ipspoofchk: true }, ...routed },
  isolated: { config: { ...masqueraded, ingressPolicy: 'isolated' }, ...routed, peers: false },
  securityGroups: {
    config: {
      mode: 'nat',
      securityGroups: { default: [{ remoteGroup: 'default' }, { protocol: 'icmp' }, { protocol: 'icmpv6' }] },
    },
    ...routed,
  },
  local: { config: { mode: 'local' }, peers: true, gateway: false, outside: false },
} as const satisfies Record<string, Mode>

export type ModeName = keyof typeof modes
export const modeNames = Object.keys(modes) as ModeName[]

/** The name has a dot and a hyphen: nothing of ours may trip over them. */
export const networkName = 'web.net-1'

export const configOf = (mode: ModeName, family: Family, more: Record<string, unknown> = {}) => ({
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: networkName,
  ...modes[mode].config,
  ipam: { type: 'vethwork-ipam', ranges: eachOf(family).map(one => [{ subnet: subnets[one] }]) },
  ...more,
})

/** No addresses: a cable and no more. */
export const layer2 = { cniVersion: '1.1.0', type: 'vethwork', name: networkName, ipam: {} }
