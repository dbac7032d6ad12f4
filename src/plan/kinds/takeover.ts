/**
 * A physical interface becomes a port of a bridge, and the bridge gets its addresses and routes.
 * In an order in which no address and no route is ever missing; one batch, a millisecond.
 */

import { CniError, codes } from '../../../cni/errors.ts'
import { at, KERNEL, type ObservedLink, type ObservedRoute } from '../observed.ts'
import type { AddrOp } from './addr.ts'
import type { Common, Kind } from './kind.ts'
import type { LinkOp } from './link.ts'
import { type RouteOp, toRoute } from './route.ts'

export interface Address {
  readonly address: string
  readonly words?: string
}

export interface Takeover extends Common {
  readonly kind: 'takeover'
  /** The physical interface. */
  readonly dev: string
  readonly bridge: string
  /** What was moved, for the way back; undefined on the way there: all that the interface has. */
  readonly addresses?: readonly Address[]
}

export const takeover: Kind<Takeover, AddrOp, LinkOp | RouteOp> = {
  ensure({ netns, dev, bridge }, observed) {
    const link = observed.links.get(at(netns, dev))
    if (!link) return []
    if (link.master && link.master !== bridge)
      throw new CniError(
        codes.foreign,
        `master: '${dev}' is a port of '${link.master}' already`,
        'an interface has room for one flat network: use another one, or that bridge',
      )
    const has = observed.links.get(at(netns, bridge))?.addresses.map(({ address }) => address) ?? []
    const addresses = ownAddresses(link)
    const routes = observed.routes.get(at(netns, dev)) ?? []
    const port: LinkOp = { op: 'link.set', netns, name: dev, set: { master: bridge }, was: { master: '' } }
    // Whatever a crash, or the host's DHCP client, left on the interface goes over as well.
    return [
      ...addresses
        .filter(({ address }) => !has.includes(address))
        .map(address => addr('addr.add', netns, bridge, address)),
      ...(link.master ? [] : [port]),
      ...move(netns, routes, dev, bridge),
      // The first of a subnet last: the others would go with it.
      ...addresses.toReversed().map(address => addr('addr.del', netns, dev, address)),
    ]
  },

  remove({ netns, dev, bridge, addresses = [] }, observed) {
    const link = observed.links.get(at(netns, dev))
    const has = observed.links.get(at(netns, bridge))?.addresses.map(({ address }) => address) ?? []
    if (link?.master !== bridge) return []
    const routes = observed.routes.get(at(netns, bridge)) ?? []
    const back = addresses.filter(({ address }) => has.includes(address))
    return [
      ...back.map(address => addr('addr.add', netns, dev, address)),
      { op: 'link.set', netns, name: dev, set: { master: '' }, was: { master: bridge } },
      ...move(netns, routes, bridge, dev),
      ...back.toReversed().map(address => addr('addr.del', netns, bridge, address)),
    ]
  },

  tool: () => 'ip',
  line: () => '',
  words: () => '',
  undo: () => [],
}

type Netns = Takeover['netns']

/** What is to be moved: link-local ones the kernel makes anew. */
export const ownAddresses = ({ addresses }: ObservedLink): Address[] =>
  addresses.filter(({ scope }) => scope === 'global').map(({ address, words }) => ({ address, words }))

const addr = (op: AddrOp['op'], netns: Netns, dev: string, { address, words }: Address): AddrOp => ({
  op,
  netns,
  dev,
  address,
  words,
  nodad: true,
})

/** Routes to the link itself come and go with the addresses. */
const move = (netns: Netns, routes: readonly ObservedRoute[], from: string, to: string): RouteOp[] =>
  routes
    .filter(({ protocol }) => protocol !== KERNEL)
    .map(route => ({ op: 'route.replace', netns, dev: to, was: from, to: toRoute(route) }))
