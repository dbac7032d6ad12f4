/** The queues of interfaces: asked by netlink, else by tc(8). Only for who has rates. */

import type { Netns } from '../plan/netns.ts'
import type { ObservedQueues } from '../plan/observed.ts'
import { asked } from './look.ts'
import { queuesOf } from './netlink/queues.ts'

/** Of interfaces that exist, by name. @throws CommandError */
export const seeQueues = async (
  netns: Netns,
  devs: readonly string[],
): Promise<ReadonlyMap<string, ObservedQueues>> =>
  (await asked(netns, devs.join(' '), queuesOf(netns, devs))) ?? (await import('./tc.ts')).tcShow(netns, devs)
