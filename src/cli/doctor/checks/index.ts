/** All that is looked for. To add one: a function from the host as seen to findings, its line here, its ids in ailments.ts. */

import { type Finding, sorted } from '../finding.ts'
import type { HostSeen } from '../host.ts'
import { duplicates, overlapping, refused } from './addresses.ts'
import { bridges } from './bridges.ts'
import { firewalls } from './firewalls.ts'
import { sizes } from './mtu.ts'
import { fdbEntries, neighbours } from './neighbours.ts'
import { obstacles } from './obstacles.ts'
import { listened } from './ports.ts'
import { programs, rights } from './programs.ts'
import { advertisements, reversePath } from './settings.ts'
import { files, pools, stale } from './state.ts'
import { missing, otherMacs } from './steps.ts'
import { underlays } from './ways.ts'

const checks: readonly ((host: HostSeen) => Finding[])[] = [
  rights,
  underlays,
  missing,
  otherMacs,
  obstacles,
  duplicates,
  refused,
  overlapping,
  sizes,
  neighbours,
  fdbEntries,
  bridges,
  firewalls,
  advertisements,
  reversePath,
  listened,
  stale,
  pools,
  files,
  programs,
]

/** The worst first. */
export const examine = (host: HostSeen): Finding[] => sorted(checks.flatMap(check => check(host)))
