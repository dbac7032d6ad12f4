/** What a mode cannot do without. A table, for the validator and for the JSON Schema. Pure. */

import type { Mode, NetConf } from '../src/networks/network.ts'
import type { Ipam } from './ipamconf.ts'

export interface Need {
  readonly modes: readonly Mode[]
  /** One of these fields must be there. */
  readonly oneOf: readonly (keyof NetConf | 'subnet' | 'ipam')[]
  /** In the message. */
  readonly what: string
  readonly remedy: string
}

export const needs: readonly Need[] = [
  {
    modes: ['nat'],
    oneOf: ['subnet', 'ipam'],
    what: 'addresses',
    remedy: 'add "subnet": "10.22.0.0/24", or an "ipam" section',
  },
  {
    modes: ['flat', 'vlan', 'vlanlink'],
    oneOf: ['master', 'physicalNetwork'],
    what: 'master',
    remedy: "name the interface that leads out, or a physicalNetwork of this host's /etc/vethwork/host.json",
  },
  {
    modes: ['vlan', 'vlanlink'],
    oneOf: ['vlanId', 'vlanIdRange'],
    what: 'vlanId',
    remedy: 'a number from 1 to 4094, or a vlanIdRange',
  },
  {
    modes: ['vxlan'],
    oneOf: ['vni', 'vniRange'],
    what: 'vni',
    remedy: 'a number from 1 to 16777215, or a vniRange',
  },
  {
    modes: ['vxlan', 'gre'],
    oneOf: ['master', 'physicalNetwork', 'local'],
    what: 'master or local',
    remedy: "name the interface of the underlay, or the address of this host's end",
  },
  {
    modes: ['gre'],
    oneOf: ['peers'],
    what: 'peers',
    remedy: "list the addresses of the hosts; this one's own may be among them",
  },
]

/** The first need that is not met. */
export const unmet = (net: NetConf, ipam: Ipam): Need | undefined =>
  needs.find(({ modes, oneOf }) => modes.includes(net.mode) && !oneOf.some(isGiven(net, ipam)))

const isGiven = (net: NetConf, ipam: Ipam) => (field: Need['oneOf'][number]) => {
  if (field === 'subnet' || field === 'ipam') return ipam.kind !== 'none'
  const value = net[field]
  return Array.isArray(value) ? value.length > 0 : Boolean(value)
}
