/** What breaks when an object of a description is not there. Pure; a kind without words of its own has its reason's. */

import { familyOf } from '../../ipam/cidr.ts'
import { FORWARDING } from '../plan/kinds/forwarding.ts'
import type { Desired } from '../plan/kinds/index.ts'
import type { Link } from '../plan/kinds/link.ts'
import { HOST } from '../plan/netns.ts'

/** `its containers reach neither each other nor the host`: continues "without it, …" */
export const without = (one: Desired): string => {
  switch (one.kind) {
    case 'link':
      return withoutLink(one)
    case 'addr':
      return one.netns === HOST
        ? "the containers' default route leads nowhere: they reach their own subnet only"
        : 'the container can neither be reached at it nor send from it'
    case 'route':
      return one.to.dst.endsWith('/0')
        ? `the container reaches nothing beyond its own subnet by IPv${familyOf(one.to.dst)}`
        : `the container does not reach ${one.to.dst} this way`
    case 'forwarding':
      return `the host drops what containers send to others by IPv${one.family} (${FORWARDING[one.family].replaceAll('/', '.')})`
    case 'fdb':
      return `broadcasts, and with them ARP, do not get to the host ${one.dst}`
    case 'vlan':
      return `frames of VLAN ${one.vid} do not pass ${one.dev} as they must`
    case 'takeover':
      return `the bridge ${one.bridge} is not on the physical network: nobody outside is reached`
    case 'sysctl':
      return sysctls[one.key.split('/').at(-1) ?? ''] ?? fallback(one)
    case 'element':
      return byName(elements, one.set) ?? byName(chains, one.set) ?? fallback(one)
    case 'ruleset':
      return byName(chains, [...one.sets, ...one.chains][0]?.name ?? '') ?? fallback(one)
    case 'iptables':
      return byName(chains, one.table === 'filter' ? 'passage' : 'masquerade') ?? fallback(one)
    default:
      return byName(services, one.kind) ?? fallback(one)
  }
}

const fallback = ({ why }: Desired) => `there is not what it is for: ${why}`

/** The first whose name it begins with: `masquerade/web`, `group-in/web`. */
const byName = (words: Readonly<Record<string, string>>, name: string) =>
  Object.entries(words).find(([start]) => name.replace(/^\W+/, '').startsWith(start))?.[1]

const withoutLink = ({ type, scope, netns, name }: Link): string => {
  if (type === 'given')
    return netns === HOST ? `${name} is down: nothing leaves by it` : `${name} in the container is down`
  if (type !== 'veth' && netns === HOST && scope === 'attachment')
    return 'what the container sends is not held to its rate'
  if (scope === 'attachment') return 'the container is not on the network at all'
  return type === 'bridge'
    ? 'its containers reach neither each other nor the host'
    : 'containers of this host do not reach those of the network elsewhere'
}

/** By the last word of the key. */
const sysctls: Readonly<Record<string, string>> = {
  accept_ra: 'a container that sends router advertisements takes over the IPv6 routes of the host',
  disable_ipv6: 'IPv6 is not as it must be on this interface',
  arp_ignore: 'the host answers ARP for its other addresses, and is reached by them',
  arp_notify: "neighbours keep the address's old owner in mind for a while",
  ndisc_notify: "neighbours keep the address's old owner in mind for a while",
  accept_dad: 'the IPv6 address cannot be used for a second or two after it was given',
  route_localnet: 'the host does not reach published ports by 127.0.0.1',
  keep_addr_on_down: 'IPv6 addresses are lost whenever the interface goes down',
}

/** By how names of chains and sets begin. */
const chains: Readonly<Record<string, string>> = {
  masquerade: 'answers from outside do not come back: there nobody has a route to the containers',
  local: 'the containers are reached by the host, and through it from outside',
  macspoofchk: 'a container may send with the MAC address of another one',
  ipspoofchk: 'a container may send with the address of another one, and answer for it',
  anycast: "the other hosts' gateways, which have the same address, hear and answer each other",
  isolation: 'others than ingressPolicy names may open connections to the containers',
  secluded: 'containers of other bridges may open connections to these',
  passage: "the host's own firewall may drop what is for the containers, or comes from them",
  port: 'ports of the host do not lead to the containers',
  group: 'the security groups let everybody pass, or nobody',
  flows: 'the security groups do not know answers from questions',
  talks: 'the security groups do not know answers from questions',
  known: 'the security groups do not know answers from questions',
  passed: 'the security groups do not know answers from questions',
  to: 'the security groups do not know answers from questions',
}

/** By how names of sets begin, where one element is not the whole. */
const elements: Readonly<Record<string, string>> = {
  macspoofchk: 'its frames are dropped, or it may send with any MAC address',
  ipspoofchk: 'its packets are dropped, or it may send with any address',
  group: 'this container is not in its security groups',
  passage: "the host's own firewall may drop what is for this network",
  port: 'this port of the host does not lead to the container',
}

/** Kinds of objects that services have for themselves. */
const services: Readonly<Record<string, string>> = {
  shaper: 'the container takes as much of the line as it can get',
  redirect: 'what the container sends is not held to its rate',
  rule: 'what comes from this address leaves by the default route of another interface, and may be lost there',
  zone: "firewalld's default zone decides what passes",
  offload: 'checksums of what goes through the tunnel may be broken by the card: transfers stall',
}
