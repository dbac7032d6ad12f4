/** Why a rule dropped a packet, and what to do: of ours by what it is for, of others' how to let it pass. Pure. */

import type { Decision } from './hook.ts'
import { flowWords, type Packet } from './packet.ts'
import type { PlugSeen } from './sight.ts'

interface Refusal {
  readonly because: string
  readonly fix: string
}

export const refusalOf = (
  decision: Decision,
  packet: Packet,
  devices: { readonly iif: string; readonly oif: string },
  plugs: readonly PlugSeen[],
): Refusal => {
  const { chain } = decision
  const [what = '', network = ''] = chain.name.replace(/^to-/, '').split('/')
  const ours = / vethwork$/.test(chain.table)
    ? Object.entries(ourReasons).find(([start]) => what.startsWith(start))?.[1]
    : undefined
  if (ours)
    return {
      because: ours(packet, devices),
      fix: network ? `vethwork explain ${network}` : `nft list chain ${chain.table} ${chain.name}`,
    }
  return foreign(decision, packet, devices, plugs)
}

const ourReasons: Readonly<
  Record<string, (packet: Packet, devices: { readonly iif: string; readonly oif: string }) => string>
> = {
  isolation: (_, { iif, oif }) =>
    iif === oif
      ? 'ingressPolicy keeps the containers of one bridge apart'
      : `ingressPolicy keeps what comes by ${iif} out of ${oif}`,
  secluded: (_, { iif, oif }) => `ingressPolicy keeps what comes by ${iif} out of ${oif}`,
  local: () => 'a network of mode local has no way to the host nor through it',
  macspoofchk: ({ source }, { iif }) => `macspoofchk does not let ${iif} send with the MAC address ${source}`,
  ipspoofchk: ({ saddr }, { iif }) =>
    `${saddr} is none of the addresses that ${iif} may send from (ipspoofchk)`,
  'groups-in': packet => `no security group of the receiver allows ${askedWords(packet)}`,
  'groups-out': packet => `no security group of the sender allows ${askedWords(packet)}`,
  group: packet => `no security group allows ${askedWords(packet)}`,
  'ports-martians': () => '127.0.0.0/8 is taken from this host itself only',
  anycast: () => 'this gateway is of its own host alone',
}

const askedWords = (packet: Packet) =>
  `${packet.protocol}${packet.protocol === 'icmp' ? '' : ` port ${packet.dport}`} (${flowWords(packet)})`

/** Somebody else's: the rule is taken away; before a policy an exception is put. */
const foreign = (
  { chain, rule }: Decision,
  packet: Packet,
  { iif, oif }: { readonly iif: string; readonly oif: string },
  plugs: readonly PlugSeen[],
): Refusal => {
  const way = [iif && `by ${iif}`, oif && `to ${oif}`].filter(Boolean).join(' ')
  const because = `it drops ${flowWords(packet)}${way ? ` (${way})` : ''}${rule ? '' : ', which no rule accepts'}`
  // Its rules are made anew from its zones.
  if (chain.table === 'inet firewalld')
    return {
      because: `${because}: firewalld does not know ${iif || oif}`,
      fix: `firewall-cmd --permanent --zone=trusted --add-interface=${iif || oif}; firewall-cmd --reload`,
    }
  const network = plugs.find(({ bridge }) => bridge && (bridge === iif || bridge === oif))?.network
  const [command = '', table = ''] = chain.table.split(' ')
  if (/^ip6?tables/.test(command)) {
    if (table === 'filter' && chain.name === 'FORWARD' && network)
      return { because, fix: `vethwork repair ${network}` }
    return {
      because,
      fix: rule
        ? `${command} -t ${table} ${rule.text.replace(/^-A/, '-D')}`
        : `${command} -t ${table} -P ${chain.name} ACCEPT`,
    }
  }
  if (rule) return { because, fix: `nft delete rule ${chain.table} ${chain.name} handle ${rule.handle}` }
  const match = iif ? `iifname "${iif}"` : `oifname "${oif}"`
  const back = iif ? `oifname "${iif}"` : `iifname "${oif}"`
  const insert = (words: string) => `insert rule ${chain.table} ${chain.name} ${words} accept`
  return { because, fix: `nft '${insert(match)}; ${insert(`${back} ct state established,related`)}'` }
}
