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
      return elements[familyName(one.set)] ?? fallback(one)
    case 'ruleset':
      return chains[familyName(one.chains[0]?.name ?? one.sets[0]?.name ?? '')] ?? fallback(one)
    case 'iptables':
      return one.table === 'filter'
        ? "the host's firewall drops what containers send to others"
        : (chains.masquerade ?? fallback(one))
    case 'zone':
      return 'firewalld rejects what containers send, for it does not know the bridge'
    case 'shaper':
      return `the rate is not limited on ${one.dev}`
    case 'redirect':
      return 'what the container sends is not limited'
    case 'rule':
      return `what comes from ${one.from} leaves by another interface than it was asked on`
    default:
      return fallback(one)
  }
}

const fallback = ({ why }: Desired) => `there is not what it is for: ${why}`

/** `masquerade/web` is of the family masquerade, `anycast-in/web` of anycast. */
const familyName = (name: string) => name.split(/[/-]/)[0] ?? ''

const withoutLink = ({ type, scope, netns, name }: Link): string => {
  if (type === 'given')
    return netns === HOST ? `${name} is down: nothing leaves by it` : `${name} in the container is down`
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
  route_localnet: 'published ports are not reached by 127.0.0.1',
  keep_addr_on_down: 'IPv6 addresses are lost whenever the interface goes down',
}

const spoofing = "a container may send from another one's addresses, or answer for them"
const groups = 'it is reached by everybody, or by nobody: no rule of a security group is held to it'
const published = 'nobody reaches the container by its published port'

/** By how names of chains begin. */
const chains: Readonly<Record<string, string>> = {
  masquerade: 'answers from outside do not come back: there nobody has a route to the containers',
  local: 'the containers are reached by the host, and through it from outside',
  macspoofchk: 'a container may send with the MAC address of another one',
  ipspoofchk: spoofing,
  isolation: 'containers of other networks that keep to themselves are reached',
  secluded: 'containers of other networks that keep to themselves are reached',
  group: groups,
  groups,
  to: groups,
  ports: published,
  ports4: published,
  passage: "the host's firewall drops what the container sends to others",
  anycast: "the other hosts' gateways, which have the same address, hear and answer each other",
}

/** By how names of sets begin. */
const elements: Readonly<Record<string, string>> = {
  macspoofchk: 'its frames are dropped, or it may send with any MAC address',
  ipspoofchk: 'what it sends is dropped, or it may send from any address',
  secluded: 'containers of other networks that keep to themselves reach it',
  group: groups,
  groups,
  ports: published,
  ports4: published,
  ports6: published,
  passage4: "the host's firewall drops what it sends to others",
  passage6: "the host's firewall drops what it sends to others",
}
