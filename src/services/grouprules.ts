/** A security group's rules as nft text, and the names of what it has in nft. Pure. */

import { familyOf } from '../../ipam/cidr.ts'
import { nftName } from '../networks/marks.ts'
import { BRANCH } from '../plan/kinds/ruleset.ts'
import { ipOf, passed, type Side } from './flows.ts'

export const withPorts = ['tcp', 'udp', 'sctp'] as const
export const protocols = [...withPorts, 'icmp', 'icmpv6'] as const

export interface GroupRule {
  readonly direction: 'ingress' | 'egress'
  /** Any protocol if undefined. */
  readonly protocol?: (typeof protocols)[number]
  /** First and last port. */
  readonly ports?: readonly [number, number]
  /** A subnet in CIDR notation. */
  readonly remote?: string
  /** The members of a group. */
  readonly remoteGroup?: string
}

/** All ports that are looked at. */
export const secured = (network: string) => nftName('groups-ports', network)
export const portsOf = (network: string, group: string) => nftName(`group-ports-${group}`, network)
export const membersOf = (network: string, group: string, family: 4 | 6) =>
  nftName(`group-ipv${family}-${group}`, network)

/** The chain in which its rules of one direction are. */
export const branch = (network: string, group: string, { word }: Side) =>
  nftName(`${BRANCH}group-${word}-${group}`, network)

/** A rule as nft text: made of parsed values only. */
export const allow = (network: string, rule: GroupRule, side: Side): string[] => {
  const what = whatOf(rule)
  return whomOf(network, rule, side).map(whom =>
    [whom, what, `goto ${passed(network, side)}`].filter(Boolean).join(' '),
  )
}

const whatOf = ({ protocol, ports }: GroupRule) => {
  if (!protocol) return ''
  if (!ports) return `meta l4proto ${protocol}`
  const [from, to] = ports
  return `${protocol} dport ${from === to ? from : `${from}-${to}`}`
}

const whomOf = (network: string, { remote, remoteGroup }: GroupRule, side: Side): string[] => {
  if (remoteGroup !== undefined)
    return ([4, 6] as const).map(
      family => `${ipOf(family)} ${side.remote} @${membersOf(network, remoteGroup, family)}`,
    )
  if (remote === undefined) return ['']
  const ip = ipOf(familyOf(remote))
  return [remote.endsWith('/0') ? `meta protocol ${ip}` : `${ip} ${side.remote} ${remote}`]
}
