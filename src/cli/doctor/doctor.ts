/** One visit: look, judge, mend if asked to, and look again whether it helped. */

import type { Tell } from '../../linux/tell.ts'
import { examine } from './checks/index.ts'
import type { Finding } from './finding.ts'
import { type Done, fix } from './fix.ts'
import { seeHost } from './see.ts'

export interface Visit {
  /** What is wrong; after `--fix` what still is. */
  readonly findings: readonly Finding[]
  /** With `--fix`: what was done, or is to be. */
  readonly done: readonly Done[]
  /** And what was wrong before, and is no longer. */
  readonly healed: readonly Finding[]
  readonly failures: readonly unknown[]
  /** How we speak with the kernel. */
  readonly driver: 'netlink' | 'iproute2'
}

/** What is mended may show what it hid: a cable that is back has no address yet. */
const ROUNDS = 3

export const visit = async (wantsFix: boolean, dryRun: boolean, tell?: Tell): Promise<Visit> => {
  let host = await seeHost(tell)
  const before = examine(host)
  const driver = host.byPrograms ? 'iproute2' : 'netlink'
  if (!wantsFix) return { findings: before, done: [], healed: [], failures: [], driver }
  if (dryRun) return { findings: before, healed: [], driver, ...(await fix(before, host, true)) }
  let findings = before
  let failures: readonly unknown[] = []
  const done: Done[] = []
  for (let round = 0; round < ROUNDS && findings.some(({ fixable }) => fixable); round++) {
    const mended = await fix(findings, host, false)
    done.push(...mended.done)
    failures = mended.failures
    host = await seeHost(tell)
    findings = examine(host)
    if (!mended.done.length) break
  }
  const left = new Set(findings.map(keyOf))
  return { findings, done, healed: before.filter(one => !left.has(keyOf(one))), failures, driver }
}

const keyOf = ({ id, object }: Finding) => `${id} ${object}`
