/** How interfaces queue what they send, and what is done with what comes in: what `tc show` makes of it (tc(8)). */

import type { Netns } from '../../plan/netns.ts'
import type { ObservedFilter, ObservedQueues } from '../../plan/observed.ts'
import { be16, u16 } from './codec.ts'
import { NetlinkError } from './errno.ts'
import { ETH_P, TCA_EGRESS_REDIR, TCA_U32 } from './headers/pkt_cls.ts'
import {
  AT_INGRESS,
  RTM_GETQDISC,
  RTM_GETTCLASS,
  RTM_GETTFILTER,
  TC_H_INGRESS,
  TC_H_ROOT,
  TCA_HTB,
  TICKS_PER_MICROSECOND,
  type TrafficBody,
  tc_fifo_qopt,
  traffic,
} from './headers/pkt_sched.ts'
import { getLink, knownIndexOf } from './links.ts'
import { NLM_F_ECHO, request } from './message.ts'
import { type Netlink, netlink } from './socket.ts'

/** Of interfaces that exist, by name. @returns undefined without netlink. @throws NetnsError, NetlinkError */
export const queuesOf = async (
  netns: Netns,
  devs: readonly string[],
): Promise<Map<string, ObservedQueues> | undefined> => {
  const route = await netlink(netns, 'route')
  if (!route) return undefined
  const found = new Map<string, ObservedQueues>()
  for (const dev of devs) {
    const index = knownIndexOf(route, dev)
    const queues = index === undefined ? undefined : unlessGone(() => queuesAt(route, index))
    if (queues) found.set(dev, queues)
  }
  return found
}

const [ENOENT, ENODEV, EINVAL] = [2, 19, 22]

const unlessGone = <T>(look: () => T): T | undefined => {
  try {
    return look()
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === ENODEV) return undefined
    throw error
  }
}

const queuesAt = (route: Netlink, tcm_ifindex: number): ObservedQueues => {
  const root = qdiscAt(route, tcm_ifindex, TC_H_ROOT)
  const hook = qdiscAt(route, tcm_ifindex, TC_H_INGRESS)
  return {
    // The kernel's own choice has no number.
    ...(root?.tcm_handle ? shapeOf(route, tcm_ifindex, root) : { root: '', shapesAll: false, filters: [] }),
    hook: (hook?.TCA_KIND ?? '') as ObservedQueues['hook'],
    incoming: hook ? filtersAt(route, tcm_ifindex, AT_INGRESS).map(incomingOf(route)) : [],
  }
}

/** One, for all there are would be those of all interfaces. */
const qdiscAt = (route: Netlink, tcm_ifindex: number, tcm_parent: number): TrafficBody | undefined => {
  try {
    // The kernel answers only to who wants an echo, and not of what it has built in (noop, of what is down).
    const [body] = route.ask(request(RTM_GETQDISC, traffic, { tcm_ifindex, tcm_parent }, NLM_F_ECHO))
    return body && traffic.decode(body)
  } catch (error) {
    if (error instanceof NetlinkError && [ENOENT, EINVAL].includes(error.errno)) return undefined
    throw error
  }
}

const shapeOf = (route: Netlink, tcm_ifindex: number, root: TrafficBody) => {
  const { TCA_KIND: kind, tcm_handle = 0, TCA_OPTIONS: options } = root
  const shape = {
    root: `${kind} ${idText(tcm_handle)}`,
    shapesAll: kind === 'htb' && htb(options).TCA_HTB_INIT?.defcls === 1,
    filters: filtersAt(route, tcm_ifindex, tcm_handle).map(filterOf),
  }
  const found = route
    .dump(request(RTM_GETTCLASS, traffic, { tcm_ifindex }))
    .map(traffic.decode)
    .find(one => one.TCA_KIND === 'htb' && one.tcm_parent === TC_H_ROOT)
  if (!found) return shape
  const leaf = qdiscAt(route, tcm_ifindex, found.tcm_handle ?? 0)
  const queue = leaf?.TCA_KIND === 'bfifo' && leaf.TCA_OPTIONS && tc_fifo_qopt.decode(leaf.TCA_OPTIONS).limit
  return { ...shape, ...rateOf(found), queue: queue || undefined }
}

const htb = (options: Buffer = Buffer.alloc(0)) => TCA_HTB.decode(options)

/** Bits per second, and bytes. */
const rateOf = ({ TCA_OPTIONS }: TrafficBody) => {
  const { TCA_HTB_PARMS: parms = {}, TCA_HTB_RATE64 } = htb(TCA_OPTIONS)
  const bytes = TCA_HTB_RATE64 ?? parms.rate_rate ?? 0
  const microseconds = (parms.buffer ?? 0) / TICKS_PER_MICROSECOND
  return { rate: 8 * bytes, burst: Math.round((bytes * microseconds) / 1e6) }
}

interface Filter {
  readonly info: number
  readonly values: ReturnType<typeof TCA_U32.decode>
}

/** What u32 has besides are tables that lead to them. */
const filtersAt = (route: Netlink, tcm_ifindex: number, tcm_parent: number): Filter[] =>
  route
    .dump(request(RTM_GETTFILTER, traffic, { tcm_ifindex, tcm_parent }))
    .map(traffic.decode)
    .map(({ TCA_KIND: kind, TCA_OPTIONS: options, tcm_info: info = 0 }) => {
      const values = kind === 'u32' && options ? TCA_U32.decode(options) : {}
      return { info, values, isOne: kind !== 'u32' || values.TCA_U32_SEL !== undefined }
    })
    .filter(({ isOne }) => isOne)

const filterOf = ({ info, values }: Filter): ObservedFilter => {
  const protocol = be16.decode(u16.encode(info % 0x10000))
  const { TCA_U32_CLASSID: flow, TCA_U32_SEL: { keys } = { keys: [] } } = values
  return {
    protocol: Object.keys(ETH_P).find(name => ETH_P[name] === protocol) ?? `0x${protocol.toString(16)}`,
    flow: flow === undefined ? '' : idText(flow),
    matches: keys.flatMap(({ val = 0, mask = 0, off = 0 }) =>
      mask ? `${word(val)}/${word(mask)}@${off}` : [],
    ),
  }
}

const incomingOf =
  (route: Netlink) =>
  ({ info, values }: Filter) => {
    const { eaction, ifindex = 0 } = values.TCA_U32_ACT?.first?.TCA_ACT_OPTIONS?.TCA_MIRRED_PARMS ?? {}
    const isRedirect = values.TCA_U32_ACT?.first?.TCA_ACT_KIND === 'mirred' && eaction === TCA_EGRESS_REDIR
    // A device that is gone has no number.
    const to = isRedirect ? (ifindex && getLink(route, { ifi_index: ifindex })?.IFLA_IFNAME) || '*' : ''
    return { pref: Math.floor(info / 0x10000), to }
  }

const word = (bits: number) => bits.toString(16).padStart(8, '0')

/** `7e:`, `7e:1` */
const idText = (id: number) => {
  const [major, minor] = [Math.floor(id / 0x10000), id % 0x10000]
  return `${major.toString(16)}:${minor ? minor.toString(16) : ''}`
}
