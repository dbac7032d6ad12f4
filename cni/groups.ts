/** Security groups as they are written, and as the services read them. Pure. */

import { AddressError, firstOf, formatCidr, parseCidr } from '../ipam/address.ts'
import { familyOf } from '../ipam/cidr.ts'
import { type GroupRule, protocols, withPorts } from '../src/services/grouprules.ts'
import { CniError, codes } from './errors.ts'
import type { Fields } from './netconf.ts'

type Given = NonNullable<Fields['securityGroups']>
type GivenRule = Given[string][number]

/** @throws CniError(badConfig) that names group, rule, field and value */
export const parseGroups = (given: Given): Record<string, GroupRule[]> =>
  Object.fromEntries(
    Object.entries(given).map(([name, rules]) => [
      groupName(name),
      rules.map((rule, n) => parseRule(given, rule, `securityGroups.${name}[${n}]`)),
    ]),
  )

const parseRule = (given: Given, rule: GivenRule, at: string): GroupRule => {
  const protocol = rule.protocol === undefined ? undefined : protocolOf(rule.protocol, at)
  if (rule.remote !== undefined && rule.remoteGroup !== undefined)
    throw wrong(`${at}.remoteGroup`, rule.remoteGroup, 'excludes remote', 'make two rules of it')
  return {
    direction: rule.direction ?? 'ingress',
    ...(protocol ? { protocol } : {}),
    ...(rule.ports === undefined ? {} : { ports: portsOf(rule.ports, protocol, at) }),
    ...(rule.remote === undefined ? {} : { remote: remoteOf(rule.remote, protocol, at) }),
    ...(rule.remoteGroup === undefined ? {} : { remoteGroup: known(given, rule.remoteGroup, at) }),
  }
}

/** It becomes part of the names of nft sets and chains. */
const groupName = (name: string) => {
  if (/^[a-zA-Z0-9][\w.-]{0,39}$/.test(name)) return name
  throw wrong(
    'securityGroups',
    name,
    'is no name of a group',
    'it must start with a letter or digit and hold at most 40 of those and _ . -',
  )
}

const protocolOf = (text: string, at: string) => {
  const found = protocols.find(one => one === text.toLowerCase())
  if (found) return found
  throw wrong(
    `${at}.protocol`,
    text,
    `must be one of ${protocols.join(', ')}`,
    'leave it out for all of them',
  )
}

/** `80`, `"80"`, `"8000-8010"` */
const portsOf = (
  given: number | string,
  protocol: GroupRule['protocol'],
  at: string,
): readonly [number, number] => {
  const field = `${at}.ports`
  if (!withPorts.some(one => one === protocol))
    throw wrong(field, given, 'needs a protocol that has ports', `set protocol to ${withPorts.join(', ')}`)
  const [, from, to] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(String(given)) ?? []
  const range = [Number(from), Number(to ?? from)] as const
  if (!range.every(port => port >= 1 && port <= 65535))
    throw wrong(field, given, 'must be from 1 to 65535', 'write 80, or "8000-8010" for a range')
  if (range[0] > range[1]) throw wrong(field, given, 'ends before it begins', `write "${to}-${from}"`)
  return range
}

/** A subnet, or one address. */
const remoteOf = (text: string, protocol: GroupRule['protocol'], at: string): string => {
  const field = `${at}.remote`
  const remedy = 'write a subnet as 10.1.0.0/16 or 2001:db8::/64'
  try {
    const cidr = parseCidr(text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`)
    const network = formatCidr({ ...cidr, address: firstOf(cidr) })
    if (network !== formatCidr(cidr)) throw wrong(field, text, 'has host bits', `write ${network}`)
    const other = { icmp: 6, icmpv6: 4 }[protocol as string]
    if (familyOf(network) === other)
      throw wrong(
        field,
        text,
        `is of another address family than ${protocol}`,
        'icmp is of IPv4, icmpv6 of IPv6',
      )
    return network
  } catch (error) {
    if (error instanceof AddressError) throw wrong(field, text, error.message, remedy)
    throw error
  }
}

const known = (given: Given, name: string, at: string) => {
  if (Object.hasOwn(given, name)) return name
  const names = Object.keys(given).join(', ')
  throw wrong(`${at}.remoteGroup`, name, 'is no group of this network', `there are ${names}`)
}

const wrong = (field: string, value: unknown, reason: string, remedy: string) =>
  new CniError(codes.badConfig, `${field}: ${JSON.stringify(value)} ${reason}`, remedy)
