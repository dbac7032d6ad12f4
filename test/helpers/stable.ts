import type { Facts } from './rules.ts'

// biome-ignore lint/suspicious/noExplicitAny: what ip and bridge print has no type
type Printed = Record<string, any>

/** What changes by itself, or with the order of doing: counters, timers, carriers, numbers given out by the kernel. */
const volatile =
  /^(ifindex|operstate|link_index|link_netnsid|promiscuity|allmulti|.*_timer|.*_lft|.*_life_time|tentative|dadfailed|used|expires|updated|stats|stats64|cache|metainfo|handle|packets|bytes|topology_change.*|.*_id|id|no|designated_.*|root_port|root_path_cost|state|port_no)$/

/** Flags of links and routes that follow a carrier, up to a second late. */
const carrier = new Set<unknown>(['NO-CARRIER', 'LOWER_UP', 'linkdown'])

/** The same without what is volatile, keys sorted, recursively. */
export const stable = (value: unknown, drop: RegExp = volatile): unknown => {
  if (Array.isArray(value)) return value.filter(one => !carrier.has(one)).map(one => stable(one, drop))
  if (value === null || typeof value !== 'object') return value
  const kept = Object.entries(value).filter(([key]) => !drop.test(key))
  return Object.fromEntries(
    kept.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, stable(one, drop)]),
  )
}

/** A list as a table, so that order means nothing and a difference has a name. Doubles are numbered. */
export const keyed = (list: readonly Printed[], name: (one: Printed) => string): Facts => {
  const table: Facts = {}
  for (const one of list) {
    let key = name(one)
    for (let copy = 2; key in table; copy++) key = `${name(one)} (${copy})`
    table[key] = stable(one)
  }
  return table
}

/** Routes that the kernel adds by itself for each address, when it is no longer tentative. */
export const isDerived = (route: Printed): boolean => route.table === 'local' && route.protocol === 'kernel'

/** MACs learned from packets, and multicast groups that the kernel joins by itself. */
export const isPassing = (entry: Printed): boolean =>
  entry.state === '' || (/^(33:33|01:00:5e)/.test(entry.mac) && entry.flags?.includes('self'))

/** Of a link, the VLAN and VNI are facts although they are called `id`. */
export const linkFacts = (link: Printed): Printed => {
  const { id, ...rest } = link.linkinfo?.info_data ?? {}
  if (id === undefined) return link
  return { ...link, linkinfo: { ...link.linkinfo, info_data: { ...rest, number: id } } }
}

/** Whether a learned neighbour is fresh or stale is the time of day; a failed one is none. */
export const neighbour = (one: Printed): Printed[] => {
  const state: string[] = one.state ?? []
  if (state.includes('FAILED') || state.includes('INCOMPLETE')) return []
  if ('proxy' in one) return [{ dst: one.dst, dev: one.dev, kind: 'proxy' }]
  const kind = state.includes('PERMANENT') || state.includes('NOARP') ? state.join() : 'learned'
  return [{ dst: one.dst, dev: one.dev, lladdr: one.lladdr, kind }]
}
