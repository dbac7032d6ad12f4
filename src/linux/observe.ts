/** What the machine has of the things that a description names; it asks for nothing else. */

import { familyOf } from '../../ipam/cidr.ts'
import { acceptRa, FORWARDING } from '../plan/kinds/forwarding.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST, type Netns } from '../plan/netns.ts'
import { at, type Observed, type ObservedLink } from '../plan/observed.ts'
import { byNetns } from './bynetns.ts'
import { observePorts } from './hostports.ts'
import { ipShow } from './iproute2.ts'
import { seeFdb, seeLinks, seeVlans } from './look.ts'
import {
  observeBridge,
  observeOffloads,
  observeQueues,
  observeRoutes,
  observeRules,
  observeSysctls,
} from './observedevs.ts'
import { observeFirewalls, observeIptables, observeTables, type Purpose } from './observerules.ts'
import { readSysctls } from './sysctl.ts'

/**
 * @param purpose our nft tables may hold thousands of networks and elements, of which it needs a few; all are looked
 * at without it
 */
export const observe = async (desired: readonly Desired[], purpose?: Purpose): Promise<Observed> => {
  // Interfaces and rules are apart from each other; what belongs to an interface is asked for if it exists.
  const [links, tables, iptables, sysctls, ports, seen] = await Promise.all([
    observeLinks(desired),
    observeTables(desired, purpose),
    observeIptables(desired),
    observeForwarding(desired),
    observePorts(purpose?.startsWith('remove') ? desired.filter(isNoPort) : desired),
    observeFirewalls(desired),
  ])
  const there = desired.filter(
    one => 'dev' in one && one.dev !== undefined && links.has(at(one.netns, one.dev)),
  )
  const [routes, rules, settings, queues, fdb, vlans, offloads] = await Promise.all([
    observeRoutes(there),
    observeRules(desired),
    observeSysctls([...there, ...desired.filter(isContainersOwn)]),
    observeQueues(there),
    observeBridge(there, 'fdb', seeFdb),
    observeBridge(there, 'vlan', seeVlans),
    observeOffloads(there),
  ])
  return {
    links,
    tables,
    iptables: new Map([...iptables, ...seen.filters]),
    firewalls: seen.firewalls,
    routes,
    rules,
    queues,
    fdb,
    vlans,
    offloads,
    ...ports,
    ...sysctls,
    sysctls: new Map([...sysctls.sysctls, ...settings]),
  }
}

/** It is made free by nobody. */
const isNoPort = ({ kind }: Desired) => kind !== 'hostport'

/** A kernel parameter of a container, but of no interface. */
const isContainersOwn = (one: Desired) => one.kind === 'sysctl' && one.netns !== HOST && one.dev === undefined

const observeLinks = async (desired: readonly Desired[]) => {
  const names = desired.flatMap((one): (readonly [Netns, string])[] => {
    if (one.kind === 'link') {
      const { netns, name, peer } = one
      return [[netns, name], ...(peer ? [[peer.netns, peer.name] as const] : [])]
    }
    if (one.kind === 'takeover')
      return [
        [one.netns, one.dev],
        [one.netns, one.bridge],
      ]
    return 'dev' in one && one.dev !== undefined ? [[one.netns, one.dev]] : []
  })
  // To read the first IPv6 address of a process takes longer than all else here.
  const families = ([4, 6] as const).filter(family =>
    desired.some(one => one.kind === 'takeover' || (one.kind === 'addr' && familyOf(one.address) === family)),
  )
  const links = new Map<string, ObservedLink>()
  await Promise.all(
    byNetns(names).map(async ([netns, wanted]) => {
      for (const one of await seeLinks(netns, wanted, families)) links.set(at(netns, one.name), one)
    }),
  )
  return links
}

/** The host's own: forwarding, and who would lose a default route by it. */
const observeForwarding = async (
  desired: readonly Desired[],
): Promise<Pick<Observed, 'sysctls' | 'advertised'>> => {
  const keys = desired.flatMap(one =>
    one.kind === 'forwarding'
      ? [FORWARDING[one.family]]
      : one.kind === 'sysctl' && one.netns === HOST && one.dev === undefined
        ? [one.key]
        : [],
  )
  const values = keys.length ? await readSysctls(HOST, keys) : new Map<string, string>()
  const sysctls = new Map([...values].map(([key, value]) => [at(HOST, key), value]))
  return { sysctls, advertised: values.get(FORWARDING[6]) === '0' ? await observeAdvertised() : [] }
}

const observeAdvertised = async (): Promise<string[]> => {
  const routes = await ipShow(HOST, ['route show default proto ra'], ['-6'])
  const devs = [...new Set(routes.map(({ dev }) => String(dev)))]
  const values = await readSysctls(HOST, devs.map(acceptRa))
  return devs.filter(dev => values.get(acceptRa(dev)) === '1')
}
