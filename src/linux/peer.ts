/** The host's end of a cable that somebody else laid (veth(4)). */

import { HOST, type Netns } from '../plan/netns.ts'
import { ipShow } from './iproute2.ts'

export interface Inside {
  readonly mac: string
  readonly mtu: number
  /** The host's end, and the bridge it is a port of; undefined where there is none. */
  readonly port?: string
  readonly bridge?: string
}

/** An interface of a container, and what it hangs on; undefined if it is not there. */
export const insideOf = async (netns: Netns, ifname: string): Promise<Inside | undefined> => {
  const [inside] = await ipShow(netns, [`link show dev ${ifname}`])
  if (!inside) return undefined
  const { address: mac, mtu, ifindex, link_index: peer, linkinfo } = inside
  if (linkinfo?.info_kind !== 'veth' || peer === undefined) return { mac, mtu }
  // Both know the other's index; an index alone may mean another namespace's interface.
  const port = (await ipShow(HOST, ['link show type veth'])).find(
    one => one.ifindex === peer && one.link_index === ifindex,
  )
  return { mac, mtu, port: port?.ifname, bridge: port?.master }
}
