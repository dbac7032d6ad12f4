/** What stands around a network on this host, for those who judge it (src/services/findings.ts). */

import { HOST } from '../plan/netns.ts'
import type { Observed } from '../plan/observed.ts'
import type { Surroundings } from '../services/findings.ts'
import { seeFirewalls } from './firewalls.ts'
import { readSysctls } from './sysctl.ts'

const CALLS = { 4: 'net/bridge/bridge-nf-call-iptables', 6: 'net/bridge/bridge-nf-call-ip6tables' } as const

/** @param known what was seen already, for nothing to be looked at twice */
export const surroundingsOf = async (
  network: Pick<Surroundings, 'bridge' | 'routed'>,
  known?: Pick<Observed, 'firewalls' | 'iptables'>,
): Promise<Surroundings> => {
  const seen = known ?? (await seeAll())
  const bridgeNf = await bridgeNetfilter()
  return { ...network, firewalls: seen.firewalls, iptables: seen.iptables, bridgeNf }
}

/** Families of which br_netfilter shows to iptables what only crosses a bridge. */
export const bridgeNetfilter = async (): Promise<(4 | 6)[]> => {
  const calls = await readSysctls(HOST, Object.values(CALLS))
  return ([4, 6] as const).filter(family => calls.get(CALLS[family]) === '1')
}

const seeAll = async () => {
  const { firewalls, filters } = await seeFirewalls()
  return { firewalls, iptables: filters }
}
