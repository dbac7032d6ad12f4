/** The host's end of a cable that somebody else laid (veth(4)). */

import { HOST, type Netns } from '../plan/netns.ts'
import { linkOf } from './ipjson.ts'
import { ipShow } from './iproute2.ts'

export interface Inside {
  readonly mac: string
  /** `10.22.0.2/24`; without link-local ones. */
  readonly addresses: readonly string[]
  /** The host's end, and the bridge it is a port of; undefined where there is none. */
  readonly port?: string
  readonly bridge?: string
}

/** An interface of a container, and what it hangs on; undefined if it is not there. */
export const insideOf = async (netns: Netns, ifname: string): Promise<Inside | undefined> => {
  const [inside] = await ipShow(netns, [`addr show dev ${ifname}`])
  if (!inside) return undefined
  const { mac, type, addresses } = linkOf(inside)
  const own = {
    mac,
    addresses: addresses.filter(({ scope }) => scope !== 'link').map(({ address }) => address),
  }
  const { ifindex, link_index: peer } = inside
  if (type !== 'veth' || peer === undefined) return own
  // Both know the other's index; an index alone may mean another namespace's interface.
  const port = (await ipShow(HOST, ['link show type veth'])).find(
    one => one.ifindex === peer && one.link_index === ifindex,
  )
  return { ...own, port: port?.ifname, bridge: port?.master }
}
