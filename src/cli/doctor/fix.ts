/** What is ours, and safe, mended: by the ways that repair and gc go themselves. What fails keeps nothing else from it. */

import { chmodSync } from 'node:fs'
import { again } from '../../../cni/again.ts'
import { collect } from '../../../cni/collect.ts'
import { attemptAll } from '../../../cni/errors.ts'
import { addressesOf } from '../../../cni/ipam.ts'
import { driver } from '../../linux/driver.ts'
import { applyAll } from '../../plan/apply.ts'
import { type Explained, explain } from '../../plan/explain.ts'
import { repairAll } from '../repairing.ts'
import { ownerWords } from '../words.ts'
import type { Finding, Mend } from './finding.ts'
import type { HostSeen } from './host.ts'

/** One thing that was done, or is to be. */
export type Done = Pick<Explained, 'words' | 'command'>

/**
 * @param dryRun say what would be done
 * @returns what was done, and what could not be
 */
export const fix = async (
  findings: readonly Finding[],
  host: HostSeen,
  dryRun: boolean,
): Promise<{ readonly done: Done[]; readonly failures: unknown[] }> => {
  const done: Done[] = []
  const failures: unknown[] = []
  const attempt = (work: () => Promise<readonly Done[]>) =>
    work().then(
      some => void done.push(...some),
      failure => void failures.push(failure),
    )
  // Files first: the others read them.
  for (const mend of mendsOf(findings).filter(one => typeof one === 'object'))
    await attempt(() => small(mend, host, dryRun))
  if (findings.some(({ mend }) => mend === 'gc')) await attempt(() => collected(dryRun))
  if (findings.some(({ mend }) => mend === 'repair')) {
    const { repaired, failures: more } = await repairAll(undefined, dryRun)
    done.push(...repaired.flatMap(({ steps }) => steps.map(({ words, command }) => ({ words, command }))))
    failures.push(...more)
  }
  return { done, failures }
}

/** Each once. */
const mendsOf = (findings: readonly Finding[]): Mend[] => [
  ...new Map(findings.flatMap(({ mend }) => (mend ? [[JSON.stringify(mend), mend] as const] : []))).values(),
]

const small = async (
  mend: Extract<Mend, object>,
  host: HostSeen,
  dryRun: boolean,
): Promise<readonly Done[]> => {
  if ('steps' in mend) {
    if (!dryRun) await applyAll(mend.steps, driver)
    return explain(mend.steps)
  }
  if ('chmod' in mend) {
    if (!dryRun) chmodSync(mend.chmod, 0o700)
    return [{ words: `make ${mend.chmod} ours alone`, command: `chmod 700 ${mend.chmod}` }]
  }
  if (!dryRun) await rebuilt(mend.leases, host)
  return [
    {
      words: `rebuild the leases of network ${mend.leases} from the kernel's marks`,
      command: '(in the lease store)',
    },
  ]
}

/** Whoever reads all leases of a network mends what is damaged. */
const rebuilt = async (network: string, { looked }: HostSeen) => {
  const record = looked.find(one => one.record.owner.network === network && one.record.call)?.record
  if (!record) return
  const { request, config } = again(record)
  await addressesOf(request, config).holders()
}

const collected = async (dryRun: boolean): Promise<readonly Done[]> => {
  const { collected, strays } = await collect(undefined, dryRun)
  return [
    ...collected.flatMap(({ owner, addresses, steps }) => [
      ...steps,
      {
        words: `release ${addresses.join(' and ') || 'what is remembered'} of ${ownerWords(owner)}`,
        command: 'vethwork gc',
      },
    ]),
    ...strays,
  ]
}

/** @throws CniError, of all that failed */
export const refuseFailures = (failures: readonly unknown[]) =>
  attemptAll(failures.map(failure => () => Promise.reject(failure)))
