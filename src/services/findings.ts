/** What around a network keeps its packets from passing, or will surprise people: said in words, with what to do. Pure. */

import { familyOf, overlaps, prefixOf } from '../../ipam/cidr.ts'
import { isClosed } from '../plan/closed.ts'
import type { NftStatement, Observed, ObservedBarrier } from '../plan/observed.ts'
import { TRUSTED } from './coexistence.ts'

export interface Finding {
  /** Stable, kebab-case. */
  readonly id:
    | 'foreign-chain-drops'
    | 'foreign-rule-drops'
    | 'firewalld-zone-missing'
    | 'firewalls-mixed'
    | 'br-netfilter'
  /** Containers do not get through the host as long as it is so; or it is asking for trouble; or it is good to know. */
  readonly weight: 'blocks' | 'troubles' | 'explains'
  /** What was found, with its name. */
  readonly what: string
  readonly why: string
  /** A command, or what to do. */
  readonly fix: string
  /** Where users of other plugins met it. */
  readonly thread: string
}

/** One network, and what stands around it. */
export interface Surroundings extends Pick<Observed, 'firewalls' | 'iptables'> {
  /** The interface by which its packets get to the host; undefined if they come by a cable of their own each. */
  readonly bridge?: string
  /** Its subnets, in CIDR notation; those of its containers. */
  readonly subnets?: readonly string[]
  /** The host is their router. */
  readonly routed: boolean
  /** Families of which br_netfilter shows to iptables what only crosses a bridge. */
  readonly bridgeNf: readonly (4 | 6)[]
}

/** In the order of their weight. */
export const findings = (seen: Surroundings): Finding[] => [
  ...(seen.routed ? seen.firewalls.barriers.flatMap(one => barrier(one, seen)) : []),
  ...(seen.routed ? untrusted(seen) : []),
  ...(seen.firewalls.mixed ? [mixed] : []),
  ...bridgeNetfilter(seen),
]

const barrier = (one: ObservedBarrier, { bridge, subnets = [] }: Surroundings): Finding[] => {
  const isClosed = refuses(one, bridge)
  const refused = isClosed ? [] : subnets.filter(subnet => refuses(one, bridge, subnet))
  if (!isClosed && !refused.length) return []
  const { table, chain } = one
  const policy = isClosed ? one.policy : ''
  const where = `${table} ${chain}`
  const dev = bridge ? `"${bridge}"` : '"veth*"'
  return [
    {
      id: isClosed ? 'foreign-chain-drops' : 'foreign-rule-drops',
      weight: 'blocks',
      what: `the nft chain '${where}' drops what goes ${isClosed ? 'through this host' : `through this host from ${refused.join(' and ')}`}${policy === 'drop' ? ' (policy drop)' : ''}`,
      why: 'every base chain must let a packet pass: an accept in a table of ours would not help',
      fix: `nft 'insert rule ${where} iifname ${dev} accept; insert rule ${where} oifname ${dev} ct state established,related accept; insert rule ${where} oifname ${dev} ct status dnat accept'   # and the same where its rules are kept`,
      thread: 'plugins#430, flannel#799',
    },
  ]
}

/**
 * Whether surely no new packet that comes by `bridge` passes; a rule that is not understood may let it.
 * @param subnet of its sender; any without it
 */
export const refuses = (
  { policy, rules }: ObservedBarrier,
  bridge: string | undefined,
  subnet?: string,
): boolean => {
  for (const rule of rules) {
    const matches = rule.filter(isMatch).map(one => holds(one, bridge, subnet))
    if (matches.includes('no')) continue
    if (rule.some(passesOn)) return false
    if (rule.some(isRefusal) && matches.every(one => one === 'yes')) return true
  }
  return policy === 'drop'
}

const isMatch = (statement: NftStatement) => 'match' in statement
const isRefusal = (statement: NftStatement) => 'drop' in statement || 'reject' in statement
const passesOn = (statement: NftStatement) =>
  ['accept', 'jump', 'goto', 'vmap', 'queue', 'flow'].some(verdict => verdict in statement)

interface Match {
  readonly op: string
  readonly left: {
    readonly meta?: { readonly key: string }
    readonly ct?: { readonly key: string }
    readonly payload?: { readonly protocol?: string; readonly field?: string }
  }
  readonly right: unknown
}

/** Of the first packet of a connection, from the bridge to elsewhere. */
const holds = (statement: NftStatement, bridge?: string, subnet?: string): 'yes' | 'no' | 'maybe' => {
  const { op, left, right } = statement.match as Match
  const is = (value: boolean) => (op === '!=' ? !value : value)
  const values = (Array.isArray(right) ? right : [(right as { set?: unknown[] })?.set ?? right]).flat()
  if (left.ct?.key === 'state') return op === '!=' ? 'maybe' : values.includes('new') ? 'yes' : 'no'
  if (left.ct?.key === 'status') return op === '!=' ? 'maybe' : 'no'
  if (left.payload?.field === 'saddr' && subnet) return comesFrom(right, subnet, op === '!=')
  if (!bridge || values.some(value => typeof value !== 'string' || value.startsWith('@'))) return 'maybe'
  const names = (values as string[]).some(value => matchesName(value, bridge))
  if (left.meta?.key === 'iifname' || left.meta?.key === 'iif') return is(names) ? 'yes' : 'no'
  if (left.meta?.key === 'oifname' || left.meta?.key === 'oif')
    return names ? (is(false) ? 'yes' : 'no') : 'maybe'
  return 'maybe'
}

/** Of a subnet of which a part is named, or what is no subnet, nothing is sure. */
const comesFrom = (right: unknown, subnet: string, not: boolean): 'yes' | 'no' | 'maybe' => {
  const { prefix } = (right ?? {}) as { prefix?: { addr: string; len: number } }
  if (!prefix) return 'maybe'
  const named = `${prefix.addr}/${prefix.len}`
  const [yes, no] = not ? (['no', 'yes'] as const) : (['yes', 'no'] as const)
  if (familyOf(named) !== familyOf(subnet) || !overlaps(named, subnet)) return no
  return prefixOf(subnet) >= prefix.len ? yes : 'maybe'
}

const matchesName = (pattern: string, name: string) =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name

const untrusted = ({ firewalls: { zones }, bridge }: Surroundings): Finding[] =>
  !zones || zones.get('') === TRUSTED || (bridge && zones.has(bridge))
    ? []
    : [
        {
          id: 'firewalld-zone-missing',
          weight: 'blocks',
          what: bridge
            ? `firewalld does not know '${bridge}'`
            : 'firewalld does not know the cables of this network',
          why: 'it rejects what comes by an interface that is in no zone of its own',
          fix: bridge
            ? `firewall-cmd --permanent --zone=trusted --add-interface=${bridge}; firewall-cmd --reload`
            : "firewall-cmd --permanent --zone=trusted --add-source=SUBNET, with the network's; firewall-cmd --reload",
          thread: 'netavark#230, podman#8048',
        },
      ]

const mixed: Finding = {
  id: 'firewalls-mixed',
  weight: 'troubles',
  what: 'iptables-legacy and iptables-nft both hold rules',
  why: 'packets pass both, while each command shows its own alone',
  fix: 'see both (iptables-legacy-save, iptables-nft-save), and let all programs of this host use one (update-alternatives --config iptables)',
  thread: 'cilium#28260, kind#1678',
}

const bridgeNetfilter = ({ bridgeNf, bridge, iptables }: Surroundings): Finding[] => {
  if (!bridge || !bridgeNf.length) return []
  const keys = bridgeNf.map(family => (family === 4 ? 'bridge-nf-call-iptables' : 'bridge-nf-call-ip6tables'))
  const closed = [...iptables].filter(
    ([table, lines]) => table.endsWith('filter') && isClosed(lines, 'FORWARD'),
  )
  const also = closed.length
    ? `, also the policy of FORWARD (${closed.map(([table]) => table).join(', ')})`
    : ''
  return [
    {
      id: 'br-netfilter',
      weight: 'explains',
      what: `br_netfilter is on (${keys.map(key => `net.bridge.${key} = 1`).join(', ')})`,
      why: `what goes from one container to another on '${bridge}' passes the rules for forwarded packets${also}; ours leave it alone`,
      fix: `Kubernetes wants it so; elsewhere: ${keys.map(key => `sysctl -w net.bridge.${key}=0`).join('; ')}`,
      thread: 'k8s#24018',
    },
  ]
}

/** One line for a log. */
export const inOneLine = ({ what, why, fix, thread }: Finding) => `${what}: ${why}. ${fix} (${thread})`
