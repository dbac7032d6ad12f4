/** The versions of the specification, and what each has. */

import { CniError, codes } from './errors.ts'

export const supportedVersions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const
export type Version = (typeof supportedVersions)[number]
export const newest: Version = '1.1.0'

/** Since when a verb exists (CHANGELOG of the specification). */
const since = { CHECK: '0.4.0', GC: '1.1.0', STATUS: '1.1.0' } as const

/** A configuration's `cniVersion`; none means 0.1.0. */
export const parseVersion = (text: unknown): Version => {
  const version = text === undefined || text === '' ? '0.1.0' : text
  const known = supportedVersions.find(one => one === version)
  if (known) return known
  throw new CniError(
    codes.incompatibleVersion,
    `cniVersion ${JSON.stringify(text)} is not supported`,
    `supported are ${supportedVersions.join(', ')}`,
  )
}

export const isAtLeast = (version: Version, other: Version) =>
  supportedVersions.indexOf(version) >= supportedVersions.indexOf(other)

export const refuseTooOld = (verb: string, version: Version) => {
  const first = since[verb as keyof typeof since]
  if (first && !isAtLeast(version, first))
    throw new CniError(
      codes.incompatibleVersion,
      `cniVersion ${version} has no ${verb}`,
      `${verb} came with ${first}: set cniVersion to ${first} or newer`,
    )
}
