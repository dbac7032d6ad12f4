/** The way back, which is not that there: other routes, other rules, and NAT undone. */

import { HOST, type Netns } from '../../plan/netns.ts'
import { fromPort } from './bridge.ts'
import { type Drop, dropped, type End, isDrop, type Journey, type Left, named, whereOf } from './journey.ts'
import { answerTo, type Packet } from './packet.ts'
import { plugWith } from './routes.ts'
import { receive, send } from './stack.ts'

/** The answer: of a container or the host from there, of the outside from where the packet left. */
export const back = async (
  journey: Journey,
  from: Netns | undefined,
  asked: Packet,
  end: Exclude<End, Drop>,
): Promise<Drop | undefined> => {
  const answer = answerTo(end.packet)
  const returned =
    end.kind === 'arrived' ? await send(journey, end.place, answer) : await fromBeyond(journey, end, answer)
  if (isDrop(returned)) return { ...returned, because: `the answer does not come back: ${returned.because}` }
  if (returned.kind === 'left')
    return from === undefined && returned.packet.saddr === asked.daddr
      ? undefined
      : dropped(
          returned.dev.name,
          `the answer leaves the host by it, from ${returned.packet.saddr} to ${returned.packet.daddr}`,
          `ip route get ${returned.packet.daddr}`,
        )
  const { saddr } = returned.packet
  if (returned.place === from && saddr === asked.daddr) return undefined
  return dropped(
    named(journey, returned.place, returned.dev),
    returned.place === from
      ? `the answer comes from ${saddr}, and ${asked.daddr} was asked`
      : `the answer goes there, and not to ${from === undefined ? asked.saddr : whereOf(journey, from)}`,
    'vethwork explain, for the source NAT of published ports (snat)',
  )
}

const fromBeyond = async (journey: Journey, left: Left, answer: Packet): Promise<End> => {
  const { dev, bridge, inner, tunnel } = left
  if (tunnel) {
    // Each direction is a flow of its own: what comes back is as new as what went.
    const { saddr, daddr, dport, ...outer } = tunnel.packet
    const arrived = await fromBeyond(journey, tunnel.left, {
      ...outer,
      saddr: daddr,
      daddr: saddr,
      dport,
      sport: 0,
    })
    if (arrived.kind !== 'arrived') return arrived
  }
  if (inner) return receive(journey, inner.place, inner.link, { ...answer, target: inner.link.mac })
  if (bridge) return fromPort(journey, bridge, dev, answer, plugWith(journey, answer.daddr))
  return receive(journey, HOST, dev, { ...answer, target: dev.mac })
}
