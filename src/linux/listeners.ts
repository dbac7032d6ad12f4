/** Sockets of the host that wait for whoever comes, and whose they are. */

import { parseAddress } from '../../ipam/address.ts'
import { familyOf, hexAddress } from '../../ipam/cidr.ts'
import type { ObservedListener } from '../plan/observed.ts'
import { waitingSockets } from './netlink/sockets.ts'
import { contentOf, namesIn, targetOf } from './procfs.ts'

type Protocol = ObservedListener['protocol']
type Socket = Omit<ObservedListener, 'process'> & { readonly inode: string }

/**
 * @param isWanted only these are looked up further: whose a socket is takes a walk through all processes
 */
export const listenersOf = async (
  protocols: readonly Protocol[],
  isWanted: (one: ObservedListener) => boolean,
): Promise<ObservedListener[]> => {
  const found: Socket[] = []
  for (const protocol of protocols) found.push(...(await socketsOf(protocol)).filter(isWanted))
  if (!found.length) return []
  const processes = processesOf(found.map(({ inode }) => inode))
  return found.map(({ inode, ...one }) => ({ ...one, process: processes.get(inode) }))
}

const socketsOf = async (protocol: Protocol): Promise<Socket[]> => {
  if (protocol === 'sctp') return sctpSockets(linesOf('sctp/eps'))
  const found = await waitingSockets(protocol)
  if (found) return found.map(({ address, ...one }) => ({ protocol, ...one, ...heardAt(address) }))
  return [protocol, `${protocol}6`].flatMap(file => inetSockets(protocol, linesOf(file)))
}

/** As proc(5) shows them. Without the heading; none where the kernel has no such protocol. */
const linesOf = (file: string) =>
  contentOf(`/proc/net/${file}`)
    .split('\n')
    .slice(1)
    .filter(line => line.trim())

/** TCP_LISTEN; a UDP socket without a peer has TCP_CLOSE (include/net/tcp_states.h). */
const WAITING = { tcp: '0A', udp: '07' } as const

/** `0: 00000000:1F90 00000000:0000 0A …`: slot, own address, peer, state, queues, timer, retransmits, user, timeout, inode. */
export const inetSockets = (protocol: 'tcp' | 'udp', lines: readonly string[]): Socket[] =>
  lines.flatMap(line => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
    if (state !== WAITING[protocol]) return []
    const [hex = '', port = ''] = local.split(':')
    return [{ protocol, port: Number.parseInt(port, 16), inode, ...heardAt(hexAddress(hex)) }]
  })

/** `ENDPT SOCK STY SST HBKT LPORT UID INODE LADDRS…` */
export const sctpSockets = (lines: readonly string[]): Socket[] =>
  lines.flatMap(line => {
    const [, , , , , port, , inode = '', ...addresses] = line.trim().split(/\s+/)
    return addresses.map(address => ({
      protocol: 'sctp' as const,
      port: Number(port),
      inode,
      ...heardAt(address),
    }))
  })

/** The wildcard of IPv6 gets IPv4, too, unless its socket says otherwise, which is not shown. */
const heardAt = (text: string): Pick<Socket, 'address' | 'families'> => {
  const address = withoutClothes(text)
  if (address === '0.0.0.0') return { address: '', families: [4] }
  if (/^[0:]+$/.test(address)) return { address: '', families: [4, 6] }
  return { address: parseAddress(address).text, families: [familyOf(address)] }
}

/** An IPv4 address in IPv6 clothes (RFC 4291 section 2.5.5.2): `::ffff:7f00:1` is 127.0.0.1. */
const withoutClothes = (address: string) => {
  const [, high = '', low = ''] = /^[0:]+:ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address) ?? []
  if (!high) return address
  const value = (Number.parseInt(high, 16) << 16) | Number.parseInt(low, 16)
  return [24, 16, 8, 0].map(shift => (value >>> shift) & 255).join('.')
}

/** Of sockets, by inode number: the first process found that has each. */
const processesOf = (inodes: readonly string[]) => {
  const wanted = new Set(inodes.map(inode => `socket:[${inode}]`))
  const found = new Map<string, ObservedListener['process']>()
  for (const pid of namesIn('/proc').filter(name => /^\d+$/.test(name))) {
    const links = namesIn(`/proc/${pid}/fd`).map(file => targetOf(`/proc/${pid}/fd/${file}`))
    for (const link of links.filter(one => wanted.has(one))) {
      const inode = link.slice('socket:['.length, -1)
      if (!found.has(inode)) found.set(inode, processOf(pid))
    }
    if (found.size === wanted.size) break
  }
  return found
}

const processOf = (pid: string) => ({
  pid: Number(pid),
  name: contentOf(`/proc/${pid}/comm`).trim(),
  command: contentOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim(),
  isAncestor: isAncestorOfOurs(pid),
})

/** Whether it started us, maybe by others. */
const isAncestorOfOurs = (pid: string): boolean => {
  for (let at = String(process.ppid); Number(at) > 1; at = parentOf(at)) if (at === pid) return true
  return false
}

/** Field 4 of /proc/PID/stat; the name before it is in parentheses, and may hold any. */
const parentOf = (pid: string) => {
  const stat = contentOf(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')')).split(' ')[2] ?? '0'
}
