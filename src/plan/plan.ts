/** From what should be and what is to what must be done. Pure. */

import { CniError } from '../../cni/errors.ts'
import { type Desired, kindOf, kindOfOp, type Op } from './kinds/index.ts'
import { at, type Observed } from './observed.ts'

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
export const plan = (desired: readonly Desired[], observed: Observed): Step[] => {
  let left = observed
  return desired.flatMap(one => {
    const steps = kindOf(one).ensure(one, left).map(step(one))
    left = steps.reduce(without, left)
    return steps
  })
}

/** Something of somebody else is in the way of this object. */
export interface Obstacle {
  readonly of: Desired
  readonly error: CniError
}

/** The same as `plan`, past what is in the way: for who only looks. */
export const planAround = (
  desired: readonly Desired[],
  observed: Observed,
): { readonly steps: Step[]; readonly obstacles: Obstacle[] } => {
  const obstacles: Obstacle[] = []
  const free = desired.filter(one => {
    try {
      kindOf(one).ensure(one, observed)
      return true
    } catch (error) {
      if (!(error instanceof CniError)) throw error
      obstacles.push({ of: one, error })
      return false
    }
  })
  return { steps: plan(free, observed), obstacles }
}

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

/** A link that is made anew comes without the addresses, routes and settings of the one before. */
const without = (observed: Observed, { op }: Step): Observed => {
  if (op.op !== 'link.del') return observed
  const { netns, name } = op
  const key = at(netns, name)
  const others = <T>(all: ReadonlyMap<string, T>, isIts = (one: string) => one === key) =>
    new Map([...all].filter(([one]) => !isIts(one)))
  return {
    ...observed,
    links: others(observed.links),
    routes: others(observed.routes),
    fdb: others(observed.fdb),
    vlans: others(observed.vlans),
    queues: others(observed.queues),
    offloads: others(observed.offloads),
    sysctls: others(observed.sysctls, one => one.startsWith(at(netns, '')) && one.split('/').includes(name)),
  }
}

const step =
  ({ scope, why }: Desired) =>
  (op: Op): Step => ({ op, scope, why })
