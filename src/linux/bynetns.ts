/** What is asked of each namespace, together. */

import type { Netns } from '../plan/netns.ts'

/** Groups by namespace, for each costs a process. */
export const byNetns = <T>(items: readonly (readonly [Netns, T])[]): [Netns, T[]][] => {
  const groups = new Map<Netns, Set<T>>()
  for (const [netns, item] of items) groups.set(netns, (groups.get(netns) ?? new Set()).add(item))
  return [...groups].map(([netns, group]) => [netns, [...group]])
}
