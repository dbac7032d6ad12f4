/** Looks at the host, once: what each judge needs is in it. Changes nothing. */

import { again } from '../../../cni/again.ts'
import { collect } from '../../../cni/collect.ts'
import { CniError } from '../../../cni/errors.ts'
import { hostOf } from '../../../ipam/cidr.ts'
import { parseRanges, withOwnRanges } from '../../../ipam/range.ts'
import { whoElseHas } from '../../linux/arp.ts'
import { type AttachmentSeen, seeAttachments } from '../../linux/attachments.ts'
import { seeFirewalls } from '../../linux/firewalls.ts'
import { readHostFile } from '../../linux/hostfile.ts'
import { listenersOf } from '../../linux/listeners.ts'
import { seeAllLinks, seeAllRoutes, seePermanentNeighbours, seeToldFdb } from '../../linux/look.ts'
import { wantsNetlink } from '../../linux/mode.ts'
import { syscalls } from '../../linux/netlink/syscalls.ts'
import type { AttachmentRecord } from '../../linux/records.ts'
import { refuseWithoutRights } from '../../linux/rights.ts'
import { seeStateFiles } from '../../linux/statefiles.ts'
import { bridgeNetfilter } from '../../linux/surroundings.ts'
import { readSysctls } from '../../linux/sysctl.ts'
import type { Tell } from '../../linux/tell.ts'
import { readPlugAlias } from '../../networks/marks.ts'
import { acceptRa, FORWARDING } from '../../plan/kinds/forwarding.ts'
import { HOST } from '../../plan/netns.ts'
import type { ObservedLink } from '../../plan/observed.ts'
import { lookCalmly } from '../calm.ts'
import { askable } from './asking.ts'
import { type DefaultRoute, type HostSeen, nothingSeen, type Pool } from './host.ts'
import { meddlers, missingTools, otherPlugins } from './programs.ts'

declare const VETHWORK_VERSION: string
/** Whether the program for CNI calls is in the executable, too. */
declare const VETHWORK_QUICK: boolean

export const seeHost = async (tell?: Tell): Promise<HostSeen> => {
  const lacks = missingRights()
  const byPrograms = await whyPrograms()
  if (lacks) return { ...nothingSeen, lacks, byPrograms, version: VETHWORK_VERSION }
  // Before anything opens them, and makes them private.
  const files = seeStateFiles()
  const attachments = await seeAttachments()
  const looked = await lookCalmly(
    attachments.flatMap(({ records }) => records),
    tell,
  )
  const described = looked.flatMap(one => ('described' in one ? one.described : (one.wanted ?? [])))
  const links = await seeAllLinks(HOST)
  const { firewalls, filters } = await seeFirewalls()
  const protocols = [...new Set(attachments.flatMap(({ wants }) => wants.ports.map(one => one.protocol)))]
  return {
    lacks,
    byPrograms,
    isSlow: !VETHWORK_QUICK,
    attachments,
    looked,
    collection: await collect(undefined, true),
    links,
    defaultRoutes: await defaultRoutes(),
    sysctls: await hostSysctls(links),
    firewalls,
    filters,
    bridgeNf: await bridgeNetfilter(),
    neighbours: await seePermanentNeighbours(HOST),
    fdb: await seeToldFdb(HOST),
    listeners: await listenersOf(protocols, ({ port, protocol }) =>
      attachments.some(({ wants }) =>
        wants.ports.some(
          one => one.protocol === protocol && port >= one.hostPort && port < one.hostPort + one.range,
        ),
      ),
    ),
    pools: poolsOf(attachments),
    files,
    answers: await whoElseHas(askable(attachments, looked, links)),
    missingTools: await missingTools(described, byPrograms),
    plugins: await otherPlugins(),
    version: VETHWORK_VERSION,
    meddlers: attachments.length ? meddlers() : [],
  }
}

const missingRights = () => {
  try {
    refuseWithoutRights()
    return ''
  } catch (error) {
    if (error instanceof CniError) return error.message
    throw error
  }
}

const whyPrograms = async () => {
  if (!wantsNetlink()) return 'VETHWORK_NETLINK says so'
  return (await syscalls()) ? undefined : 'there is no libc.so.6 (glibc) to call by'
}

const defaultRoutes = async (): Promise<DefaultRoute[]> => {
  const found: DefaultRoute[] = []
  for (const family of [4, 6] as const)
    for (const { dst, dev, table, protocol } of await seeAllRoutes(HOST, family))
      if (dst.endsWith('/0') && table === '254' && dev)
        found.push({ family, dev, advertised: protocol === RA })
  return found
}

/** RTPROT_RA of <linux/rtnetlink.h> */
const RA = '9'

const hostSysctls = (links: readonly ObservedLink[]) =>
  readSysctls(HOST, [
    ...Object.values(FORWARDING),
    'net/ipv4/conf/all/rp_filter',
    ...links
      .filter(({ alias }) => !readPlugAlias(alias))
      .flatMap(({ name }) => [`net/ipv4/conf/${name}/rp_filter`, acceptRa(name)]),
  ])

/** Of networks whose addresses we lease ourselves, as their last container was added. */
const poolsOf = (attachments: readonly AttachmentSeen[]): Pool[] => {
  const networks = new Map<string, AttachmentSeen[]>()
  for (const one of attachments)
    networks.set(one.owner.network, [...(networks.get(one.owner.network) ?? []), one])
  return [...networks].flatMap(([network, mine]) => {
    const record = mine.flatMap(({ records }) => records).findLast(({ call }) => call)
    const sets = record && rangesOf(record)
    return sets ? [{ network, sets, leased: mine.flatMap(({ addresses }) => addresses.map(hostOf)) }] : []
  })
}

/** Undefined where addresses are not ours to lease, or its configuration is no longer taken: its containers say so. */
const rangesOf = (record: AttachmentRecord) => {
  try {
    const { ipam } = again(record).config
    const own = readHostFile().ranges[record.owner.network] ?? []
    return ipam.kind === 'ours' ? parseRanges(withOwnRanges(ipam.conf.ranges, own)) : undefined
  } catch (error) {
    if (error instanceof CniError) return undefined
    throw error
  }
}
