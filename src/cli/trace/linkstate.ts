/** What is wrong with a cable of ours before anything is sent by it. */

import { readNetworkAlias } from '../../networks/marks.ts'
import { HOST, type Netns } from '../../plan/netns.ts'
import { type Drop, dropped, type Journey, named, repairOf } from './journey.ts'
import type { LinkSeen, PlugSeen } from './sight.ts'

/** Where a container has no route: whose interface is missing, down, or without its address. */
export const missingLink = async (journey: Journey, place: Netns): Promise<Drop | undefined> => {
  const links = await journey.sight.links(place)
  for (const plug of journey.sight.plugs.filter(({ netns }) => netns === place)) {
    const found = lost(journey, plug, links)
    if (found) return found
  }
  return undefined
}

/** What an attachment lacks of what ADD made, in its own namespace. */
export const lost = (journey: Journey, plug: PlugSeen, links: readonly LinkSeen[]): Drop | undefined => {
  const { ifname, netns = HOST } = plug
  const object = named(journey, netns, ifname)
  const link = links.find(({ name }) => name === ifname)
  if (!link) return dropped(object, 'it is gone: its cable was taken away', repairOf(plug))
  if (!link.up) return dropped(object, 'it is down', repairOf(plug))
  const has = link.addresses.map(({ address }) => address)
  const missing = plug.addresses.find(address => !has.includes(address))
  return missing ? dropped(object, `it has not its address ${missing} any more`, repairOf(plug)) : undefined
}

/** The host's end of a cable of ours, as far as it is not as ADD made it. */
export const unplugged = (plug: PlugSeen, ports: readonly LinkSeen[]): Drop | undefined => {
  const { port = '', bridge, container } = plug
  const link = ports.find(({ name }) => name === port)
  if (!link) return dropped(port || container, `the cable of container ${container} is gone`, repairOf(plug))
  if (bridge && link.master !== bridge)
    return dropped(
      port,
      `the cable of container ${container} is not plugged into ${bridge}${link.master ? ` but into ${link.master}` : ''}`,
      repairOf(plug),
    )
  if (!link.up) return dropped(port, `the cable of container ${container} is down`, repairOf(plug))
  return undefined
}

/** A bridge that is to lead to other hosts, and does not. */
export const withoutWayOut = (
  bridge: LinkSeen,
  links: readonly LinkSeen[],
  plugs: readonly PlugSeen[],
): Drop | undefined => {
  const plug = plugs.find(one => one.bridge === bridge.name && one.wayOut)
  if (!plug?.wayOut) return undefined
  const stranger = links.find(({ name, type }) => name === plug.wayOut && type === 'vxlan')
  const isForeign = stranger && readNetworkAlias(stranger.alias) !== plug.network
  return dropped(
    plug.wayOut,
    `it is no port of ${bridge.name}, and leads nowhere`,
    isForeign ? `ip link del ${stranger.name}; ${repairOf(plug)}` : repairOf(plug),
  )
}
