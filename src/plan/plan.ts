/** From what should be and what is to what must be done. Pure. */

import { type Desired, kindOf, kindOfOp, type Op } from './kinds/index.ts'
import type { Observed } from './observed.ts'

/** An op, and the object that asks for it. */
export interface Step {
  readonly op: Op
  readonly scope: Desired['scope']
  readonly why: string
}

/**
 * What must be done so that all of `desired` is there, in its order; empty when it is.
 * @throws CniError(foreign) where something of somebody else is in the way
 */
export const plan = (desired: readonly Desired[], observed: Observed): Step[] =>
  desired.flatMap(one => kindOf(one).ensure(one, observed).map(step(one)))

/** What must be done so that nothing of `desired` is left, in the reverse order. */
export const planRemoval = (desired: readonly Desired[], observed: Observed): Step[] =>
  desired
    .toReversed()
    .filter(removedAlone())
    .flatMap(one => kindOf(one).remove(one, observed).map(step(one)))

/** What takes `steps` back, last one first. */
export const planUndo = (steps: readonly Step[]): Step[] =>
  steps.toReversed().flatMap(({ op, ...rest }) =>
    kindOfOp(op)
      .undo(op)
      .map(undone => ({ ...rest, op: undone })),
  )

/** Of objects that go together the first one. */
const removedAlone = () => {
  const asked = new Set<string>()
  return (one: Desired) => {
    const key = kindOf(one).removedWith?.(one)
    if (key === undefined) return true
    if (asked.has(key)) return false
    asked.add(key)
    return true
  }
}

const step =
  ({ scope, why }: Desired) =>
  (op: Op): Step => ({ op, scope, why })
