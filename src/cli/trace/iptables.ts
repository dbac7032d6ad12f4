/** Rules of iptables as nft has them, so that one judge does for both. Pure. What is not known here is `xt`: maybe. */

import type { NftStatement } from '../../plan/observed.ts'
import type { Chain, Rule } from './ruleset.ts'

/** Where the built-in chains stand (<linux/netfilter_ipv4.h>). */
const PRIORITIES: Readonly<Record<string, number>> = { raw: -300, mangle: -150, filter: 0, security: 50 }

/**
 * @param command `iptables-nft`, `ip6tables-legacy` …
 * @param table `filter`
 * @param lines what its `-save` printed
 */
export const iptablesChains = (command: string, table: string, lines: readonly string[]): Chain[] => {
  const ip = command.startsWith('ip6') ? 'ip6' : 'ip'
  return lines.flatMap(line => {
    const [, name, policy] = /^:(\S+) (\S+)/.exec(line) ?? []
    if (!name) return []
    const rules = lines.filter(one => one.startsWith(`-A ${name} `)).map(one => ruleOf(one, ip))
    const see = `${command} -t ${table} -S ${name}`
    const chain = { table: `${command} ${table}`, family: ip, name, rules, see }
    if (policy === '-') return [chain]
    const hook = name.toLowerCase()
    const priority = table === 'nat' ? (/^(pre|out)/.test(hook) ? -100 : 100) : (PRIORITIES[table] ?? 0)
    return [
      { ...chain, type: table === 'nat' ? 'nat' : 'filter', hook, priority, policy: policy!.toLowerCase() },
    ]
  })
}

const ruleOf = (line: string, ip: 'ip' | 'ip6'): Rule => {
  const expr: NftStatement[] = []
  const words = wordsOf(line).slice(2)
  for (let at = 0; at < words.length; at++) {
    const not = words[at] === '!'
    if (not) at++
    const [word = '', value = ''] = [words[at], words[at + 1]]
    const read = options[word]
    if (!read) {
      // A word of a module that is not known; its values are no words.
      if (word.startsWith('-')) expr.push({ xt: word })
      continue
    }
    at++
    expr.push(...read(value, not ? '!=' : '==', ip))
  }
  return { expr, text: line }
}

/** As iptables-save quotes them. */
const wordsOf = (line: string) =>
  (line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []).map(word => word.replace(/^"(.*)"$/, '$1'))

type Read = (value: string, op: string, ip: 'ip' | 'ip6') => NftStatement[]

const match = (op: string, left: unknown, right: unknown): NftStatement => ({ match: { op, left, right } })
const payload = (protocol: string, field: string) => ({ payload: { protocol, field } })
const subnet = (text: string) => {
  const [addr = '', len] = text.split('/')
  return len ? { prefix: { addr, len: Number(len) } } : addr
}
const port =
  (field: string): Read =>
  (value, op) => [match(op, payload('th', field), { set: value.split(',').map(one => range(one)) })]
const range = (text: string) => {
  const [from = '', to] = text.split(':')
  return to === undefined ? Number(from) : { range: [Number(from || 0), Number(to || 65535)] }
}
/** `eth+` is every name that begins so. */
const device =
  (key: string): Read =>
  (value, op) => [match(op, { meta: { key } }, value.replace(/\+$/, '*'))]

const TARGETS: Readonly<Record<string, NftStatement>> = {
  ACCEPT: { accept: null },
  DROP: { drop: null },
  REJECT: { reject: null },
  RETURN: { return: null },
  MASQUERADE: { masquerade: null },
}
/** These change nothing that is looked at here, and the next rule is asked. */
const PASSIVE = ['LOG', 'NFLOG', 'TRACE', 'CHECKSUM', 'TCPMSS', 'CT', 'NOTRACK']

const target: Read = value => [
  TARGETS[value] ??
    (PASSIVE.includes(value)
      ? { log: null }
      : /^[A-Z]*NAT$|^(REDIRECT|MARK|CONNMARK|NFQUEUE|TPROXY)$/.test(value)
        ? { xt: value }
        : { jump: { target: value } }),
]

const nothing: Read = () => []

const options: Readonly<Record<string, Read>> = {
  '-s': (value, op, ip) => [match(op, payload(ip, 'saddr'), subnet(value))],
  '-d': (value, op, ip) => [match(op, payload(ip, 'daddr'), subnet(value))],
  '-i': device('iifname'),
  '-o': device('oifname'),
  '-p': (value, op) => [match(op, { meta: { key: 'l4proto' } }, value)],
  '--dport': port('dport'),
  '--sport': port('sport'),
  '--dports': port('dport'),
  '--sports': port('sport'),
  '--ctstate': (value, op) => [
    match(
      op === '==' ? 'in' : '!=',
      { ct: { key: value.includes('DNAT') ? 'state-or-nat' : 'state' } },
      value.toLowerCase().split(','),
    ),
  ],
  '--state': (value, op) => [
    match(op === '==' ? 'in' : '!=', { ct: { key: 'state' } }, value.toLowerCase().split(',')),
  ],
  '--mark': (value, op) => [match(op, { meta: { key: 'mark/mask' } }, value)],
  '--comment': nothing,
  '-m': nothing,
  '--reject-with': nothing,
  '--log-prefix': nothing,
  '--log-level': nothing,
  '--to-destination': nothing,
  '-j': target,
  '-g': value => [{ goto: { target: value } }],
}
