/** What the machine has of links, routes and neighbours: asked by netlink, else by ip(8) and bridge(8). */

import type { Family } from '../../ipam/address.ts'
import type { Netns } from '../plan/netns.ts'
import type { ObservedFdb, ObservedLink, ObservedRoute, ObservedVlan } from '../plan/observed.ts'
import { CommandError } from './commanderror.ts'
import { fdbOf, linkOf, routeOf, routesOf as routesOfJson, ruleOf, vlansOf } from './ipjson.ts'
import { bridgeShow, ipShow } from './iproute2.ts'
import { NetlinkError } from './netlink/errno.ts'
import { allLinks, linksLike, linksNamed, type PortState, portState, type Which } from './netlink/links.ts'
import { NetnsError } from './netlink/namespace.ts'
import {
  type FdbEntry,
  fdbEntriesOf,
  type NeighbourEntry,
  neighbourOf,
  permanentNeighbours,
  portVlansOf,
  toldFdb,
} from './netlink/neighbours.ts'
import { allRoutes, type RouteBy, routesOf } from './netlink/routes.ts'
import type { RuleSeen } from './netlink/rules.ts'

/**
 * Those of these names that are there.
 * @param families of the addresses that are wanted of them; others may be among them
 */
export const seeLinks = async (
  netns: Netns,
  names: readonly string[],
  families: readonly Family[] = [4, 6],
): Promise<ObservedLink[]> =>
  (await asked(netns, names.join(' '), linksNamed(netns, names, families))) ??
  (
    await ipShow(
      netns,
      names.map(name => `addr show dev ${name}`),
    )
  ).map(linkOf)

/** What its bridge says of a port; undefined if there is no such interface. */
export const seePort = async (netns: Netns, name: string): Promise<PortState | undefined> => {
  const found = await asked(netns, name, portState(netns, name))
  if (found !== undefined) return found ?? undefined
  const [link] = await ipShow(netns, [`link show dev ${name}`])
  return link && { state: linkOf(link).port?.state }
}

/** All of a type, all ports of a bridge, or all; without addresses. */
export const seeLinksLike = async (netns: Netns, which: Which = {}): Promise<ObservedLink[]> => {
  const words = Object.entries(which).flat().join(' ')
  return (
    (await asked(netns, words, linksLike(netns, which))) ??
    (await ipShow(netns, [`link show ${words}`.trim()])).map(linkOf)
  )
}

/** All of a namespace, with their addresses. */
export const seeAllLinks = async (netns: Netns): Promise<ObservedLink[]> =>
  (await asked(netns, 'all links', allLinks(netns))) ?? (await ipShow(netns, ['addr show'])).map(linkOf)

/** All routes of a namespace, of all tables. */
export const seeAllRoutes = async (netns: Netns, family: 4 | 6): Promise<RouteBy[]> =>
  (await asked(netns, 'all routes', allRoutes(netns, family))) ??
  (await ipShow(netns, ['route show table all'], [`-${family}`, '-N'])).flatMap(one =>
    routesOfJson(one, family),
  )

/** All routes of an interface, of all tables. */
export const seeRoutes = async (netns: Netns, family: 4 | 6, dev: string): Promise<ObservedRoute[]> =>
  (await asked(netns, dev, routesOf(netns, family, dev))) ??
  (await ipShow(netns, [`route show table all dev ${dev}`], [`-${family}`, '-N'])).map(one =>
    routeOf(one, family),
  )

/** All rules of the routing policy that have a table. */
export const seeRules = async (netns: Netns, family: 4 | 6): Promise<RuleSeen[]> =>
  (await asked(
    netns,
    'rules',
    import('./netlink/rules.ts').then(({ allRules }) => allRules(netns, family)),
  )) ?? (await ipShow(netns, ['rule show'], [`-${family}`, '-N'])).flatMap(ruleOf)

export const seeFdb = async (netns: Netns, dev: string): Promise<ObservedFdb[]> =>
  (await asked(netns, dev, fdbEntriesOf(netns, dev))) ??
  (await bridgeShow(netns, `fdb show dev ${dev}`)).flatMap(fdbOf)

export const seeVlans = async (netns: Netns, dev: string): Promise<ObservedVlan[]> =>
  (await asked(netns, dev, portVlansOf(netns, dev))) ??
  (await bridgeShow(netns, `vlan show dev ${dev}`)).flatMap(vlansOf)

/** The hardware address behind an address; empty while nobody answers. */
export const seeNeighbour = async (netns: Netns, dev: string, address: string): Promise<string> =>
  (await asked(netns, address, neighbourOf(netns, dev, address))) ??
  String((await ipShow(netns, [`neigh show to ${address} dev ${dev}`]))[0]?.lladdr ?? '')

/** What somebody told the host for ever of its neighbours. */
export const seePermanentNeighbours = async (netns: Netns): Promise<NeighbourEntry[]> =>
  (await asked(netns, 'neighbours', permanentNeighbours(netns))) ??
  (await ipShow(netns, ['neigh show nud permanent'])).map(({ dev, dst, lladdr }) => ({
    dev,
    address: dst,
    mac: lladdr ?? '',
  }))

/** And its bridges, of what is behind which port. */
export const seeToldFdb = async (netns: Netns): Promise<FdbEntry[]> =>
  (await asked(netns, 'fdb', toldFdb(netns))) ??
  (await bridgeShow(netns, 'fdb show')).flatMap(({ mac, ifname, state, dst }) =>
    mac && ifname && state && !dst ? [{ mac, dev: ifname }] : [],
  )

/** @throws CommandError where netlink says no */
export const asked = async <T>(netns: Netns, what: string, answer: Promise<T>): Promise<T> => {
  try {
    return await answer
  } catch (error) {
    if (error instanceof NetlinkError || error instanceof NetnsError)
      throw new CommandError('netlink', what, error.message, `look at the interfaces of ${netns}`)
    throw error
  }
}
