/** What kernel parameters of the host were before the first network of this boot needed another value. */

import { readBootId } from '../../ipam/boot.ts'
import { openDirectory } from '../../ipam/file.ts'
import { HOST } from '../plan/netns.ts'
import { ABSENT } from '../plan/observed.ts'
import type { Step } from '../plan/plan.ts'
import { stateDir } from './state.ts'
import { readSysctls, writeSysctls } from './sysctl.ts'

interface Originals {
  bootId: string
  /** By key, as `net/ipv4/ip_forward`. */
  values: Record<string, { was: string; ours: string }>
}

const open = () => {
  const bootId = readBootId()
  const stored = openDirectory(stateDir(), {}).open<Originals>('sysctls.json', { bootId, values: {} })
  if (stored.data.bootId !== bootId) stored.data = { bootId, values: {} }
  return stored
}

/** Before the steps are done: what they will overwrite. With the host's lock held. */
export const rememberSysctls = (steps: readonly Step[]): void => {
  const changes = steps.flatMap(({ op }) =>
    op.op === 'sysctl.set' && op.netns === HOST && op.lasting && op.was !== undefined && op.was !== ABSENT
      ? [[op.key, { was: op.was, ours: op.value }] as const]
      : [],
  )
  if (!changes.length) return
  const stored = open()
  for (const [key, value] of changes) stored.data.values[key] ??= value
  stored.write()
}

/**
 * Sets back what is still as we set it. With the host's lock held, and no network left.
 * @returns what was set back, as `net/ipv4/ip_forward = 0`
 */
export const restoreSysctls = async (dryRun: boolean): Promise<string[]> => {
  const stored = open()
  const keys = Object.keys(stored.data.values)
  const now = await readSysctls(HOST, keys)
  // The last one set goes first: accept_ra=2 may give way only when the host no longer forwards.
  const changed = Object.entries(stored.data.values)
    .filter(([key, { ours }]) => now.get(key) === ours)
    .toReversed()
  if (dryRun) return changed.map(([key, { was }]) => `${key} = ${was}`)
  for (const [key, { was }] of changed) await writeSysctls(HOST, was, [key])
  stored.data.values = {}
  stored.write()
  return changed.map(([key, { was }]) => `${key} = ${was}`)
}
