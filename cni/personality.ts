/** As what the executable was called: it is several plugins in one file. */

export interface Personality {
  /** A whole network, or addresses alone. */
  readonly role: 'network' | 'ipam'
  /** Under a reference plugin's name unknown fields pass, as they do there. */
  readonly lenient: boolean
}

const personalities: Readonly<Record<string, Personality>> = {
  vethwork: { role: 'network', lenient: false },
  'vethwork-ipam': { role: 'ipam', lenient: false },
  bridge: { role: 'network', lenient: true },
  'host-local': { role: 'ipam', lenient: true },
}

/** @param argv0 the path it was started by, a symlink maybe */
export const personalityOf = (argv0: string): Personality =>
  personalities[argv0.split('/').at(-1) ?? ''] ?? personalities.vethwork!
