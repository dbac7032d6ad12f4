/** Whether somebody is there who takes a packet. */

import { HOST, type Netns } from '../../plan/netns.ts'
import { type Drop, dropped, inside, type Journey, note, repairOf, whereOf } from './journey.ts'
import { end, type Packet } from './packet.ts'

/** Whether somebody takes it: a socket, or the kernel, which answers echo requests. */
export const notTaken = async (journey: Journey, place: Netns, packet: Packet): Promise<Drop | undefined> => {
  const { protocol, daddr, dport } = packet
  const where = whereOf(journey, place)
  if (protocol === 'gre') return undefined
  if (protocol === 'icmp') {
    const key = 'net/ipv4/icmp_echo_ignore_all'
    if (packet.family === 6 || (await journey.sight.sysctl(place, key)) !== '1') return undefined
    return dropped(
      `icmp_echo_ignore_all of ${where}`,
      'it answers no echo request',
      inside(place, 'sysctl -w net.ipv4.icmp_echo_ignore_all=0'),
    )
  }
  const see = inside(
    place,
    `ss -ln${protocol === 'tcp' ? 't' : protocol === 'udp' ? 'u' : 'S'} sport = :${dport}`,
  )
  if (await journey.sight.listens(place, protocol, daddr, dport)) {
    note(journey, place, packet, `a process listens on ${protocol} ${end(daddr, dport)}`, see)
    return undefined
  }
  const isHost = place === HOST && !packet.translated.includes('dnat')
  const publisher = isHost ? publisherOf(journey, packet) : undefined
  if (publisher)
    return dropped(
      `published port ${dport}/${protocol} of container ${publisher.container}`,
      `no map of nftables leads it from ${daddr} to the container`,
      repairOf(publisher),
    )
  return dropped(
    `${protocol} port ${dport} of ${where}`,
    `nobody listens there${isHost ? ', and it is no published port of a container' : ''}`,
    isHost ? `vethwork ps; ${see}` : `start the service there: ${see}`,
  )
}

/** Whose the port of the host is to be. */
const publisherOf = ({ sight }: Journey, { protocol, dport }: Packet) =>
  sight.plugs.find(({ ports }) =>
    ports.some(one => one.protocol === protocol && dport >= one.hostPort && dport < one.hostPort + one.range),
  )
