/** firewalld: told by firewall-cmd(1), which takes 0.15 s; seen in the rules that it makes, which takes 3 ms. */

import type { ObservedBarrier } from '../plan/observed.ts'
import { run } from './exec.ts'
import { nftRules } from './nft.ts'

/** Its table, where it uses nftables; with iptables its rules are seen like anybody's. */
export const FIREWALLD = 'inet firewalld'

/** @returns whether it was done; not where the daemon does not run, or is that of another host */
export const firewallCmd = async (args: readonly string[]): Promise<boolean> => {
  const { exitCode } = await run('firewall-cmd', ['--quiet', ...args]).catch(() => ({ exitCode: 1 }))
  return exitCode === 0
}

/** The zones that interfaces were put into, and the default one, that of all others, under ''. */
export const firewalldZones = async (): Promise<ReadonlyMap<string, string>> =>
  zonesOf(await nftRules(FIREWALLD, 'filter_FORWARD_ZONES'))

/** `iifname "br-web" goto filter_FWD_trusted`, and at the end `goto filter_FWD_public` */
export const zonesOf = (rules: ObservedBarrier['rules']): ReadonlyMap<string, string> =>
  new Map(
    rules.flatMap(rule => {
      const text = JSON.stringify(rule)
      const dev = /"key":"iifname"\}\},"right":"([^"]+)"/.exec(text)?.[1]
      const zone = /"(?:goto|jump)":\{"target":"filter_FWD_([^"]+)"/.exec(text)?.[1]
      const isDefault = !text.includes('"match"')
      return zone && (dev || isDefault) ? [[dev ?? '', zone] as const] : []
    }),
  )
