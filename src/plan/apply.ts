/** Steps to batches, batches to the machine; back again when one fails. */

import { attemptAll, CniError, codes } from '../../cni/errors.ts'
import { kindOfOp, type Op } from './kinds/index.ts'
import type { Tool } from './kinds/kind.ts'
import type { Netns } from './netns.ts'
import { planUndo, type Step } from './plan.ts'

/** Steps in a row that one process of one tool does in one namespace. */
export interface Batch {
  readonly tool: Tool
  readonly netns: Netns
  readonly ops: readonly Op[]
}

/** One batch failed at one line; those before it are done, unless the tool is atomic. */
export interface BatchFailure {
  readonly op: Op
  /** How many ops of the batch were done. */
  readonly done: number
  readonly error: CniError
  /** The op was to remove what is not there. */
  readonly missing: boolean
}

/** The machine, as far as a plan needs it. */
export interface Driver {
  /**
   * Does the ops of a batch in their order.
   * @returns the failures: with `keepGoing` all, else the first; none if all went well
   */
  run(batch: Batch, keepGoing: boolean): Promise<readonly BatchFailure[]>
}

/**
 * Does all steps, or none: what was done before a failure is taken back.
 * @returns the steps, as done
 */
export const apply = async (steps: readonly Step[], driver: Driver): Promise<readonly Step[]> => {
  let done = 0
  for (const batch of batches(steps)) {
    const [failure] = await driver.run(batch, false).catch(async error => {
      // The tool is missing, or was killed: how far it got is not known.
      await undo(steps.slice(0, done + batch.ops.length), driver, error)
      throw error
    })
    if (failure) {
      await undo(steps.slice(0, done + failure.done), driver, failure.error)
      throw failure.error
    }
    done += batch.ops.length
  }
  return steps
}

/** Does as many steps as possible; what is gone already is fine. Throws all failures as one. */
export const applyAll = async (steps: readonly Step[], driver: Driver): Promise<void> =>
  attemptAll(batches(steps).map(batch => () => runAll(batch, driver)))

const runAll = async (batch: Batch, driver: Driver): Promise<void> => {
  const failures = await driver.run(batch, true).catch(error => {
    if (batch.ops.length === 1 || error.code === codes.toolMissing) throw error
    return undefined
  })
  // Killed, and how far it got is not known: each by itself.
  if (!failures) return attemptAll(batch.ops.map(op => () => runAll({ ...batch, ops: [op] }, driver)))
  const errors = failures.filter(({ missing }) => !missing).map(({ error }) => error)
  await attemptAll(errors.map(error => () => Promise.reject(error)))
}

/** Takes steps back; what that could not do is added to the error that made it necessary. */
export const undo = async (steps: readonly Step[], driver: Driver, because?: unknown): Promise<void> => {
  try {
    await applyAll(planUndo(steps), driver)
  } catch (failure) {
    if (!(because instanceof CniError) || !(failure instanceof CniError)) throw failure
    because.also(`and undoing it: ${failure.message}`)
  }
}

export const batches = (steps: readonly Step[]): Batch[] => {
  const grouped: { tool: Tool; netns: Netns; ops: Op[] }[] = []
  for (const { op } of steps) {
    const tool = kindOfOp(op).tool(op)
    const last = grouped.at(-1)
    if (last?.tool === tool && last.netns === op.netns) last.ops.push(op)
    else grouped.push({ tool, netns: op.netns, ops: [op] })
  }
  return grouped
}
