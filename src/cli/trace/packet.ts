/** The packet that is followed, as hooks and tables of the kernel see it. Data only. */

export const protocols = ['tcp', 'udp', 'icmp', 'sctp'] as const
/** What people ask about, and what tunnels are made of. */
export type Protocol = (typeof protocols)[number] | 'gre'

export interface Packet {
  readonly family: 4 | 6
  readonly protocol: Protocol
  /** Empty until a route has chosen it. */
  readonly saddr: string
  readonly daddr: string
  /** Of what has no ports, 0. */
  readonly sport: number
  readonly dport: number
  /** Bytes of the IP packet. */
  readonly size: number
  /** An answer is what connection tracking knows as `established`. */
  readonly isAnswer: boolean
  /** What NAT has made of it so far (`ct status`). */
  readonly translated: readonly ('dnat' | 'snat')[]
  /** The firewall's mark. */
  readonly mark: number
  /** The MTU of the interface that it was sent by: larger ones may follow. */
  readonly room?: number
  /** Hardware addresses of the frame that it is in, while it is in one. */
  readonly source?: string
  readonly target?: string
  /** The VLAN of that frame inside a bridge that knows VLANs. */
  readonly vlan?: number
}

/** Some port of those that the kernel gives to who asks (net.ipv4.ip_local_port_range). */
export const EPHEMERAL = 50_000

/** What answers it, as it was when it got here. */
export const answerTo = (packet: Packet): Packet => ({
  ...packet,
  saddr: packet.daddr,
  daddr: packet.saddr,
  sport: packet.dport,
  dport: packet.sport,
  source: packet.target,
  target: packet.source,
  isAnswer: true,
  translated: [],
  mark: 0,
  vlan: undefined,
})

/** `10.22.0.2 → 198.51.100.2:80` */
export const flowWords = ({ saddr, daddr, dport, isAnswer, sport }: Packet) =>
  `${end(saddr, isAnswer ? sport : 0)} → ${end(daddr, isAnswer ? 0 : dport)}`

/** `[2001:db8::1]:80`; without the port where there is none. */
export const end = (address: string, port: number) =>
  port ? `${address.includes(':') ? `[${address}]` : address}:${port}` : address
