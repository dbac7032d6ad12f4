/** Published ports as people read them, from the maps that lead to the containers. Pure. */

import type { ObservedTable } from '../plan/observed.ts'

/** Of both families once: the host's ports are the same. */
export const publishedIn = ({ sets }: ObservedTable): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, Set<string>>()
  for (const [name, elements] of sets)
    for (const { key, value = '', comment } of /^ports[46](-all)?(\/|$)/.test(name) ? elements : []) {
      const [protocol, port, address = ''] = key.split(' . ')
      const place = address.includes(':') ? `[${address}]:` : address && `${address}:`
      const words = `${place}${port}→${value.split(' . ')[1]}/${protocol}`
      found.set(comment, (found.get(comment) ?? new Set()).add(words))
    }
  return new Map([...found].map(([comment, words]) => [comment, [...words].sort()]))
}
