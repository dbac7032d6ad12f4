/** What around a network keeps its packets from passing, or will surprise people: said in words, with what to do. Pure. */

import { isClosed } from '../plan/closed.ts'
import type { NftStatement, Observed, ObservedBarrier } from '../plan/observed.ts'
import { TRUSTED } from './coexistence.ts'

export interface Finding {
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
  /** The host is their router. */
  readonly routed: boolean
  /** Families of which br_netfilter shows to iptables what only crosses a bridge. */
  readonly bridgeNf: readonly (4 | 6)[]
}

/** In the order of their weight. */
export const findings = (seen: Surroundings): Finding[] => [
  ...(seen.routed ? seen.firewalls.barriers.flatMap(one => barrier(one, seen.bridge)) : []),
  ...(seen.routed ? untrusted(seen) : []),
  ...(seen.firewalls.mixed ? [mixed] : []),
  ...bridgeNetfilter(seen),
]

const barrier = (one: ObservedBarrier, bridge: string | undefined): Finding[] => {
  if (!refuses(one, bridge)) return []
  const { table, chain, policy } = one
  const where = `${table} ${chain}`
  const dev = bridge ? `"${bridge}"` : '"veth*"'
  return [
    {
      weight: 'blocks',
      what: `the nft chain '${where}' drops what goes through this host${policy === 'drop' ? ' (policy drop)' : ''}`,
      why: 'every base chain must let a packet pass: an accept in a table of ours would not help',
      fix: `nft 'insert rule ${where} iifname ${dev} accept; insert rule ${where} oifname ${dev} ct state established,related accept; insert rule ${where} oifname ${dev} ct status dnat accept', and the same where its rules are kept`,
      thread: 'plugins#430, flannel#799',
    },
  ]
}

/** Whether surely no new packet that comes by `bridge` passes; a rule that is not understood may let it. */
export const refuses = ({ policy, rules }: ObservedBarrier, bridge: string | undefined): boolean => {
  for (const rule of rules) {
    const matches = rule.filter(isMatch).map(one => holds(one, bridge))
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
  readonly left: { readonly meta?: { readonly key: string }; readonly ct?: { readonly key: string } }
  readonly right: unknown
}

/** Of the first packet of a connection, from the bridge to elsewhere. */
const holds = (statement: NftStatement, bridge: string | undefined): 'yes' | 'no' | 'maybe' => {
  const { op, left, right } = statement.match as Match
  const is = (value: boolean) => (op === '!=' ? !value : value)
  const values = (Array.isArray(right) ? right : [(right as { set?: unknown[] })?.set ?? right]).flat()
  if (left.ct?.key === 'state') return op === '!=' ? 'maybe' : values.includes('new') ? 'yes' : 'no'
  if (left.ct?.key === 'status') return op === '!=' ? 'maybe' : 'no'
  if (!bridge || values.some(value => typeof value !== 'string' || value.startsWith('@'))) return 'maybe'
  const names = (values as string[]).some(value => matchesName(value, bridge))
  if (left.meta?.key === 'iifname' || left.meta?.key === 'iif') return is(names) ? 'yes' : 'no'
  if (left.meta?.key === 'oifname' || left.meta?.key === 'oif')
    return names ? (is(false) ? 'yes' : 'no') : 'maybe'
  return 'maybe'
}

const matchesName = (pattern: string, name: string) =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name

const untrusted = ({ firewalls: { zones }, bridge }: Surroundings): Finding[] =>
  !zones || zones.get('') === TRUSTED || (bridge && zones.has(bridge))
    ? []
    : [
        {
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
