/** As what the executable was called: it is several plugins in one file. */

import type { Mode } from '../src/networks/network.ts'

export interface Personality {
  readonly name: string
  /** A whole network, or addresses alone. */
  readonly role: 'network' | 'ipam'
  /** The mode, for a reference plugin whose own `mode` is something else, or that has none. */
  readonly mode?: Mode
  /** What that plugin does unasked. */
  readonly defaults?: Readonly<Record<string, unknown>>
  /** Under a reference plugin's name unknown fields pass, as they do there. */
  readonly lenient: boolean
}

const plugins = {
  vethwork: { role: 'network', lenient: false },
  'vethwork-ipam': { role: 'ipam', lenient: false },
  bridge: { role: 'network', lenient: true },
  'host-local': { role: 'ipam', lenient: true },
  macvlan: { role: 'network', lenient: true, mode: 'macvlan' },
  ipvlan: { role: 'network', lenient: true, mode: 'ipvlan' },
  vlan: { role: 'network', lenient: true, mode: 'vlanlink' },
  // What these add to another plugin's interface, this one adds by itself, too.
  portmap: { role: 'network', lenient: true, mode: 'chained' },
  bandwidth: { role: 'network', lenient: true, mode: 'chained' },
  firewall: { role: 'network', lenient: true, mode: 'chained', defaults: { ingressPolicy: 'open' } },
  tuning: { role: 'network', lenient: true, mode: 'chained' },
  sbr: { role: 'network', lenient: true, mode: 'chained', defaults: { sourceRouting: true } },
} as const satisfies Record<string, Omit<Personality, 'name'>>

export const personalities = Object.fromEntries(
  Object.entries(plugins).map(([name, plugin]) => [name, { name, ...plugin }]),
) as Readonly<Record<keyof typeof plugins, Personality>>

/** As what ADD is remembered behind another plugin: our own name may stand twice in one list. */
export const CHAINED: readonly string[] = [
  'vethwork-chained',
  ...Object.values(personalities).flatMap(({ name, mode }) => (mode === 'chained' ? [name] : [])),
]

/** @param argv0 the path it was started by, a symlink maybe */
export const personalityOf = (argv0: string): Personality => {
  const name = argv0.split('/').at(-1) ?? ''
  return Object.hasOwn(personalities, name)
    ? personalities[name as keyof typeof personalities]
    : personalities.vethwork
}
