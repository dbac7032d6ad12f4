/**
 * Kernel parameters of an interface, by a message. In the kernel's cache of names the directories `eth0` of all
 * namespaces have one place: beside a thousand containers it takes a millisecond to find the one that is meant.
 */

import type { Netns } from '../../plan/netns.ts'
import { NetlinkError } from './errno.ts'
import { IPV4_DEVCONF, linkConf, RTM_SETLINK } from './headers/if_link.ts'
import { request } from './message.ts'
import { NetnsError } from './namespace.ts'
import { netlink } from './socket.ts'

/**
 * @param key below /proc/sys
 * @returns whether it is set; if not, its file is there, or says why not
 */
export const setByMessage = async (netns: Netns, key: string, value: string): Promise<boolean> => {
  const [, IFLA_IFNAME, name = ''] = /^net\/ipv4\/conf\/([^/]+)\/(\w+)$/.exec(key) ?? []
  if (!Object.hasOwn(IPV4_DEVCONF, name) || !/^\d{1,9}$/.test(value)) return false
  const IFLA_AF_SPEC = { AF_INET: { IFLA_INET_CONF: { [name]: Number(value) } } }
  try {
    const route = await netlink(netns, 'route')
    route?.ask(request(RTM_SETLINK, linkConf, { IFLA_IFNAME, IFLA_AF_SPEC }))
    return route !== undefined
  } catch (error) {
    if (error instanceof NetlinkError || error instanceof NetnsError) return false
    throw error
  }
}
