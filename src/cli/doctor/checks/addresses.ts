/** Addresses that two have, and subnets to which there are two ways. Pure. */

import type { Looked } from '../../../../cni/repair.ts'
import { hostOf, networkOf, overlaps } from '../../../../ipam/cidr.ts'
import { readNetworkAlias } from '../../../networks/marks.ts'
import { at } from '../../../plan/observed.ts'
import { ownerWords, shortId } from '../../words.ts'
import { type Finding, finding } from '../finding.ts'
import type { HostSeen } from '../host.ts'
import { networksOf } from '../networks.ts'

interface Holder {
  readonly one: Looked
  readonly address: string
  readonly bridge: string
  readonly mac: string
}

/** Two containers in one bridge, or somebody on the wire. */
export const duplicates = ({ looked, answers, links, attachments }: HostSeen): Finding[] => {
  const holders = looked.flatMap(one => ('failure' in one ? [] : holdersIn(one)))
  const byPlace = new Map<string, Holder[]>()
  for (const one of holders) {
    const key = `${one.bridge} ${hostOf(one.address)}`
    byPlace.set(key, [...(byPlace.get(key) ?? []).filter(({ mac }) => mac !== one.mac), one])
  }
  const twins = [...byPlace.values()].filter(({ length }) => length > 1)
  const ofTwins = twins.flatMap(all => {
    const address = hostOf(all[0]!.address)
    // Whoever was leased it keeps it.
    const wrong = all.filter(({ one }) => !one.record.endpoint.addresses.map(hostOf).includes(address))
    const last = wrong[0] ?? all.at(-1)!
    const { owner, netns } = last.one.record
    return finding('duplicate-address', {
      object: address,
      what: `${all.map(({ one }) => ownerWords(one.record.owner)).join(' and ')} both have the address ${address}`,
      fix: `nsenter --net=${netns?.path} ip addr del ${last.address} dev ${owner.ifname}`,
    })
  })
  const known = new Set(twins.flatMap(all => all.map(({ address }) => hostOf(address))))
  const onTheWire = answers
    .filter(({ address }) => !known.has(address))
    .map(({ address, mac, asked }) => {
      const who = attachments.find(({ netns }) => netns === asked.netns)?.owner
      const dev = links.find(one => one.mac === mac)?.name
      return finding('duplicate-address', {
        object: address,
        what: `${who ? ownerWords(who) : asked.netns} has the address ${address}, and so has ${dev ? `'${dev}' of this host` : 'somebody'} with the MAC address ${mac}`,
        fix: `find ${mac} (bridge fdb show | grep ${mac}) and give it another address`,
      })
    })
  return [...ofTwins, ...onTheWire]
}

const holdersIn = (one: Looked): Holder[] => {
  const { owner, netns, endpoint } = one.record
  const link = netns && one.observed.links.get(at(netns.path as `/${string}`, owner.ifname))
  return (link?.addresses ?? [])
    .filter(({ scope }) => scope === 'global')
    .map(({ address }) => ({
      one,
      address,
      bridge: endpoint.bridge ?? owner.network,
      mac: `${link!.mac} ${netns!.path}`,
    }))
}

/** IPv6 asks before it uses an address; what it found stands in the kernel. */
export const refused = ({ looked }: HostSeen): Finding[] =>
  looked.flatMap(one => {
    if ('failure' in one) return []
    const { owner, netns } = one.record
    const link = netns && one.observed.links.get(at(netns.path as `/${string}`, owner.ifname))
    return (link?.addresses ?? [])
      .filter(({ dadFailed }) => dadFailed)
      .map(({ address }) =>
        finding('duplicate-address', {
          object: hostOf(address),
          what: `${ownerWords(owner)}: somebody else on the network has its address ${hostOf(address)}`,
          fix: `give the other one another address, then \`vethwork repair ${shortId(owner.containerId)}\``,
        }),
      )
  })

/** The host routes to a subnet by one of them. */
export const overlapping = (host: HostSeen): Finding[] => {
  const networks = networksOf(host).filter(({ gatewayDev, subnets }) => gatewayDev && subnets.length)
  const isOurs = (name: string, alias: string) =>
    readNetworkAlias(alias) !== undefined ||
    networks.some(({ bridge, gatewayDev }) => [bridge, gatewayDev].includes(name))
  const foreign = host.links.filter(({ name, alias }) => name !== 'lo' && !isOurs(name, alias))
  const isWayOut = (name: string) => host.defaultRoutes.some(({ dev }) => dev === name)
  const withHost = networks.flatMap(({ name, subnets, masters }) =>
    foreign
      .filter(link => !masters.includes(link.name))
      .flatMap(link =>
        link.addresses
          .filter(
            ({ scope, address }) => scope === 'global' && subnets.some(subnet => overlaps(subnet, address)),
          )
          .map(({ address }) =>
            finding('subnet-overlaps', {
              object: link.name,
              what: `'${link.name}' of this host has the address ${address}, in the subnet of network ${name} (${subnets.join(', ')})`,
              fix: isWayOut(link.name)
                ? `give network ${name} another subnet, and its containers DEL and ADD: '${link.name}' is this host's way out`
                : `ip addr del ${address} dev ${link.name}`,
            }),
          ),
      ),
  )
  const withOthers = networks.flatMap((one, n) =>
    networks.slice(n + 1).flatMap(other =>
      one.gatewayDev === other.gatewayDev
        ? []
        : other.subnets
            .filter(subnet => one.subnets.some(own => overlaps(own, subnet)))
            .map(subnet =>
              finding('subnet-overlaps', {
                object: other.name,
                what: `the networks ${one.name} ('${one.gatewayDev}') and ${other.name} ('${other.gatewayDev}') both have the subnet ${networkOf(subnet)}`,
                fix: `give one of them another subnet, and its containers DEL and ADD`,
              }),
            ),
    ),
  )
  return [...withHost, ...withOthers]
}
