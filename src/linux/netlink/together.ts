/**
 * Interfaces that go at once. The kernel does not return from a deletion before nobody uses any more what was deleted,
 * 10-20 ms however many it is told to delete, and what it can be told is a group (ip-link(8), "group").
 */

import { NetlinkError } from './errno.ts'
import { link, RTM_DELLINK, RTM_NEWLINK } from './headers/if_link.ts'
import { noteIndex } from './indexes.ts'
import { knownIndexOf } from './links.ts'
import { request } from './message.ts'
import type { Netlink } from './socket.ts'

/** @returns names of those that are gone; none if they cannot go together: then each has to go by itself */
export const deleteTogether = (route: Netlink, names: readonly string[]): string[] => {
  const found = names.flatMap(name => {
    const index = knownIndexOf(route, name)
    return index === undefined ? [] : [{ name, index }]
  })
  if (found.length < 2) return []
  // Made up for this: in a group that has a meaning there may be others.
  const IFLA_GROUP = 0x40000000 + Math.floor(Math.random() * 0x3fffffff)
  try {
    for (const { index } of found) route.ask(request(RTM_NEWLINK, link, { ifi_index: index, IFLA_GROUP }))
    route.ask(request(RTM_DELLINK, link, { IFLA_GROUP }))
    for (const { name } of found) noteIndex(route, name, undefined)
    return found.map(({ name }) => name)
  } catch (error) {
    if (error instanceof NetlinkError) return []
    throw error
  }
}
