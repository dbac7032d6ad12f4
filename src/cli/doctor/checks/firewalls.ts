/** Others' rules through which packets of our networks must pass. Pure. */

import { familyOf, overlaps, prefixOf } from '../../../../ipam/cidr.ts'
import { findings } from '../../../services/findings.ts'
import { type Finding, finding } from '../finding.ts'
import type { HostSeen } from '../host.ts'
import { type NetworkKnown, networksOf } from '../networks.ts'

export const firewalls = (host: HostSeen): Finding[] => {
  const networks = networksOf(host)
  if (!networks.length) return []
  const { firewalls, filters: iptables, bridgeNf } = host
  return [
    ...networks.flatMap(({ name, gatewayDev: bridge, subnets, forwards }) =>
      findings({ bridge, subnets, routed: forwards.length > 0, firewalls, iptables, bridgeNf }).map(
        ({ id, what, fix }) =>
          finding(id, {
            // The host's own, whatever the network.
            object: id === 'firewalls-mixed' || id === 'br-netfilter' ? 'host' : name,
            what: id === 'firewalls-mixed' || id === 'br-netfilter' ? what : `network ${name}: ${what}`,
            fix,
          }),
      ),
    ),
    ...networks.flatMap(one => droppedByIptables(one, host.filters)),
  ]
}

/** A rule of FORWARD, before ours, that drops what comes from the network whatever else it is. */
const droppedByIptables = (
  { name, gatewayDev, subnets, forwards }: NetworkKnown,
  filters: HostSeen['filters'],
): Finding[] => {
  if (!forwards.length || !gatewayDev) return []
  return [...filters].flatMap(([key, lines]) => {
    const [command = ''] = key.split(' ')
    const mine = subnets.filter(subnet => familyOf(subnet) === (command.startsWith('ip6') ? 6 : 4))
    return lines
      .filter(line => /^-A (FORWARD|DOCKER-USER) /.test(line))
      .filter(isBeforeOurs)
      .filter(line => drops(line, gatewayDev, mine))
      .map(line =>
        finding('foreign-rule-drops', {
          object: name,
          what: `network ${name}: the rule '${line}' of ${command} drops what goes through this host`,
          fix: `${command} ${line.replace('-A', '-D')}`,
        }),
      )
  })
}

/** Whatever comes behind our jump is not asked. */
const isBeforeOurs = (line: string, n: number, all: readonly string[]) => {
  const [, chain] = line.split(' ')
  const ours = all.findIndex(one => one.startsWith(`-A ${chain} `) && one.includes('-j VETHWORK-'))
  return ours < 0 || n < ours
}

/** Only conditions that all packets from the network, or to it, meet. */
const drops = (line: string, dev: string, subnets: readonly string[]) => {
  const [, conditions = '', verdict] = /^-A \S+ (.*?) ?-j (\S+)/.exec(line) ?? []
  if (verdict !== 'DROP' && verdict !== 'REJECT') return false
  const words = conditions.replace(/-m comment --comment ("[^"]*"|\S+) ?/, '').trim()
  const parts = words.split(/ (?=-)/).filter(Boolean)
  const meets = (part: string) => {
    const [option, value = ''] = part.split(' ')
    if (option === '-i' || option === '-o')
      return value === dev || (value.endsWith('+') && dev.startsWith(value.slice(0, -1)))
    const isSubnet = option === '-s' || option === '-d'
    return isSubnet && subnets.some(one => overlaps(one, value) && prefixOf(one) >= prefixOf(value))
  }
  return parts.length > 0 && parts.every(meets)
}
