/** A bridge's way out of the host: by a VLAN's tag, or put into VXLAN or GRE, whose packets go a way of their own. */

import { hostOf } from '../../../ipam/cidr.ts'
import { HOST } from '../../plan/netns.ts'
import { dropped, type End, type Journey, type Left, note } from './journey.ts'
import type { Packet } from './packet.ts'
import type { LinkSeen } from './sight.ts'
import { send } from './stack.ts'

export const tunnelled = async (journey: Journey, left: Left): Promise<End> => {
  const { dev, packet } = left
  const remotes = await remotesOf(journey, dev, packet)
  if (!remotes) return left
  const [remote, ...more] = remotes
  if (remote === undefined)
    return dropped(
      dev.name,
      `it knows no VTEP for ${packet.target ?? packet.daddr}`,
      `vethwork fdb list; bridge fdb append ${packet.target ?? '00:00:00:00:00:00'} dev ${dev.name} dst VTEP`,
    )
  const what = dev.type === 'vxlan' ? `VXLAN ${dev.details.id}` : 'GRE'
  const others = more.length ? ` and ${more.length} more` : ''
  note(
    journey,
    HOST,
    packet,
    `${dev.name}: in ${what} to ${remote}${others}`,
    dev.type === 'vxlan' ? `bridge fdb show dev ${dev.name}` : `ip -d link show ${dev.name}`,
  )
  const outer = outerOf(dev, packet, remote)
  // A group's members are found by the network itself.
  if (/^(22[4-9]|23\d|ff)/.test(remote)) return left
  const end = await send(journey, HOST, outer)
  if (end.kind !== 'left') return end
  return { ...left, tunnel: { packet: end.packet, left: end } }
}

/** Where it may be put into a tunnel to; undefined if the port is none. */
const remotesOf = async (
  { sight }: Journey,
  { name, type, details }: LinkSeen,
  { target }: Packet,
): Promise<string[] | undefined> => {
  if (type === 'gretap' || type === 'ip6gretap') return [String(details.remote ?? '')].filter(Boolean)
  if (type !== 'vxlan') return undefined
  const entries = (await sight.fdb()).filter(({ dev, dst }) => dev === name && dst)
  const to = (mac: string | undefined) => entries.flatMap(one => (one.mac === mac ? (one.dst ?? []) : []))
  const known = to(target)
  const group = details.group ?? details.group6
  return known.length ? known : [...to('00:00:00:00:00:00'), ...(group ? [String(group)] : [])]
}

/** Headers of the tunnel, in bytes: outer IP, UDP and VXLAN or GRE with a key, and the inner Ethernet. */
const HEADERS = { vxlan: 30, gre: 22 }

const outerOf = ({ type, details }: LinkSeen, { size }: Packet, remote: string): Packet => {
  const isVxlan = type === 'vxlan'
  const family = remote.includes(':') ? 6 : 4
  return {
    family,
    protocol: isVxlan ? 'udp' : 'gre',
    saddr: String(details.local ?? details.local6 ?? ''),
    daddr: hostOf(remote),
    sport: 0,
    dport: isVxlan ? Number(details.port ?? 4789) : 0,
    size: size + (family === 4 ? 20 : 40) + (isVxlan ? HEADERS.vxlan : HEADERS.gre),
    // Each direction is a flow of its own.
    isAnswer: false,
    translated: [],
    mark: 0,
  }
}
