/** All network modes. To add one: its file, its name in `Mode`, its line here. */

import type { Lease } from '../../ipam/lease.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { at } from '../plan/observed.ts'
import { serve } from '../services/index.ts'
import { bridge } from './bridge.ts'
import { chained } from './chained.ts'
import { flat } from './flat.ts'
import { routed } from './gateway.ts'
import { gre } from './gre.ts'
import { ipvlan } from './ipvlan.ts'
import { local } from './local.ts'
import { macvlan } from './macvlan.ts'
import { nat } from './nat.ts'
import type { Attachment, Mode, NetConf, Network } from './network.ts'
import { vlan } from './vlan.ts'
import { vlanlink } from './vlanlink.ts'
import { vxlan } from './vxlan.ts'

export const networks: Readonly<Record<Mode, Network>> = {
  bridge,
  nat,
  local,
  flat,
  vlan,
  vxlan,
  gre,
  macvlan,
  ipvlan,
  vlanlink,
  chained,
}

export const nobody: Lease = { addresses: [], routes: [], dns: {} }

/** All that an attachment needs: first what its network shares, then its own; rules before the cable. */
export const describe = (conf: NetConf, attachment: Attachment, lease: Lease = nobody): Desired[] => {
  const all = routed(conf, lease)
  const { shared, plug } = networks[conf.mode]
  const services = serve(conf, endpointOf(conf, attachment, lease), attachment.wants)
  return settled([
    ...shared(conf, all),
    ...services.shared,
    ...services.rules,
    ...plug(conf, attachment, all),
    ...services.plug,
  ])
}

/** Of a kernel parameter that several ask for the last word counts: the user's. */
const settled = (all: readonly Desired[]): Desired[] => {
  const last = new Map(all.flatMap(one => (one.kind === 'sysctl' ? [[at(one.netns, one.key), one]] : [])))
  return all.filter(one => one.kind !== 'sysctl' || last.get(at(one.netns, one.key)) === one)
}

export const endpointOf = (conf: NetConf, attachment: Attachment, lease: Lease) =>
  networks[conf.mode].endpoint(conf, attachment, routed(conf, lease))
