/** From what was typed to a packet, and from that to a verdict. */

import { familyOf, hostOf } from '../../../ipam/cidr.ts'
import { HOST } from '../../plan/netns.ts'
import { Misunderstood } from '../misunderstood.ts'
import { type Party, partyOf, withPort } from './ends.ts'
import { live } from './live.ts'
import { look } from './look.ts'
import { EPHEMERAL, type Packet, type protocols } from './packet.ts'
import { type Traced, traced } from './trace.ts'

export interface Question {
  readonly from: string
  readonly to: string
  readonly protocol?: (typeof protocols)[number]
  readonly size?: number
  readonly live?: boolean
}

/** @throws Misunderstood */
export const ask = async (question: Question): Promise<Traced> => {
  const { sight, attachments } = await look()
  const own = (await sight.links(HOST)).flatMap(({ addresses }) =>
    addresses.map(({ address }) => hostOf(address)),
  )
  const { to: target, port = 0 } = withPort(question.to)
  const from = partyOf(question.from, attachments, own)
  const to = partyOf(target, attachments, own)
  const packet = packetOf(question, from, to, port)
  const model = await traced(sight, from.place, packet)
  return question.live ? live(sight, from.place, model) : model
}

const packetOf = ({ protocol, size = 84 }: Question, from: Party, to: Party, port: number): Packet => {
  const { saddr, daddr } = pairOf(from, to)
  const chosen = protocol ?? (port ? 'tcp' : 'icmp')
  // From an IPv6 header and an echo request's to the largest there is.
  if (!(Number.isInteger(size) && size >= 48 && size <= 65_535))
    throw new Misunderstood(`--size ${size} is no size of a packet: 48-65535`)
  if (chosen === 'icmp' && port) throw new Misunderstood('icmp has no ports')
  if (chosen !== 'icmp' && !port) throw new Misunderstood(`${chosen} needs a port: ${to.words}:PORT`)
  return {
    family: familyOf(daddr),
    protocol: chosen,
    saddr,
    daddr,
    sport: chosen === 'icmp' ? 0 : EPHEMERAL,
    dport: port,
    size,
    isAnswer: false,
    translated: [],
    mark: 0,
  }
}

/** The first address of each that go together; a container's own source is left to its routes, unless it is named. */
const pairOf = (from: Party, to: Party): { readonly saddr: string; readonly daddr: string } => {
  const families = [4, 6].filter(
    family => !from.addresses.length || from.addresses.some(one => familyOf(one) === family),
  )
  const daddr = to.addresses.find(one => families.includes(familyOf(one)))
  if (!daddr)
    throw new Misunderstood(
      to.addresses.length
        ? `${from.words} and ${to.words} have no address of one family`
        : `${to.words} has several addresses: name one`,
    )
  const named = from.addresses.includes(from.words)
  return {
    saddr:
      named || from.place === undefined ? from.addresses.find(one => familyOf(one) === familyOf(daddr))! : '',
    daddr,
  }
}
