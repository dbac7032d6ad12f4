/** What is to be known before ports of the host are published. */

import { hostOf } from '../../ipam/cidr.ts'
import { isHeardBy } from '../plan/kinds/hostport.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST } from '../plan/netns.ts'
import type { Observed } from '../plan/observed.ts'
import { linkOf } from './ipjson.ts'
import { ipShow } from './iproute2.ts'
import { listenersOf } from './listeners.ts'
import { allAddresses } from './netlink/links.ts'

/** The host's addresses where one is named or flows to them are forgotten; its sockets, of those ports. */
export const observePorts = async (
  desired: readonly Desired[],
): Promise<Pick<Observed, 'hostAddresses' | 'listeners'>> => {
  const ports = desired.filter(one => one.kind === 'hostport')
  const asks = desired.some(one => one.kind === 'conntrack') || ports.some(({ address }) => address)
  const protocols = [...new Set(ports.map(({ protocol }) => protocol))]
  return {
    hostAddresses: asks ? await hostAddresses() : [],
    listeners: await listenersOf(protocols, listener => ports.some(port => isHeardBy(listener, port))),
  }
}

const hostAddresses = async () =>
  (await allAddresses(HOST)) ??
  (await ipShow(HOST, ['addr show']))
    .map(linkOf)
    .flatMap(({ addresses }) => addresses.map(({ address }) => hostOf(address)))
