/** Elements in the way of one that only one may hold: those whose owner is gone give way. */

import type { Element } from '../plan/kinds/element.ts'
import type { HostPort } from '../plan/kinds/hostport.ts'
import { isNamed } from '../plan/kinds/hostport.ts'
import type { Desired } from '../plan/kinds/index.ts'
import type { ObservedElement, ObservedTable } from '../plan/observed.ts'
import { isAlive } from './alive.ts'

/** The table, with it said of each element that is in the way. Asks for nothing where nothing is. */
export const withAbandoned = async (
  table: ObservedTable,
  desired: readonly Desired[],
): Promise<ObservedTable> => {
  const isInTheWay = inTheWay(desired)
  const all = [...table.sets.values()].flat().filter(isInTheWay)
  const dead = new Set<string>()
  for (const comment of new Set(all.map(one => one.comment))) if (!(await isAlive(comment))) dead.add(comment)
  if (!dead.size) return table
  const told = (one: ObservedElement) =>
    isInTheWay(one) && dead.has(one.comment) ? { ...one, abandoned: true } : one
  return { ...table, sets: new Map([...table.sets].map(([name, elements]) => [name, elements.map(told)])) }
}

const inTheWay = (desired: readonly Desired[]) => {
  const exclusive = desired.filter((one): one is Element => one.kind === 'element' && !!one.exclusive)
  const keys = new Set(exclusive.map(({ key }) => key))
  const own = new Set(exclusive.map(({ comment }) => comment))
  const ports = desired.filter((one): one is HostPort => one.kind === 'hostport')
  return (one: ObservedElement) =>
    !own.has(one.comment) && (keys.has(one.key) || ports.some(port => isNamed(one, port)))
}
