/** Numbers of interfaces, as last seen: who has just looked at one need not look for it again to change it. */

import type { Netlink } from './socket.ts'

const seen = new WeakMap<Netlink, Map<string, number>>()

const numbersOf = (route: Netlink): Map<string, number> => {
  const found = seen.get(route) ?? new Map()
  seen.set(route, found)
  return found
}

/** @param index undefined if it is not there */
export const noteIndex = (route: Netlink, name: string, index: number | undefined): void => {
  if (index === undefined) numbersOf(route).delete(name)
  else numbersOf(route).set(name, index)
}

/** It may have gone meanwhile, and another have come under its name. */
export const notedIndex = (route: Netlink, name: string): number | undefined => numbersOf(route).get(name)
