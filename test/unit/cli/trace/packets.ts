import type { Moment } from '../../../../src/cli/trace/fields.ts'
import type { Packet } from '../../../../src/cli/trace/packet.ts'

/** The first packet of a TCP connection from a container to the outside. */
export const packetOf = (more: Partial<Packet> = {}): Packet => ({
  family: 4,
  protocol: 'tcp',
  saddr: '10.22.0.2',
  daddr: '198.51.100.2',
  sport: 50_000,
  dport: 80,
  size: 84,
  isAnswer: false,
  translated: [],
  mark: 0,
  ...more,
})

/** Where the host passes it on. */
export const momentOf = (packet: Packet, more: Partial<Moment> = {}): Moment => ({
  packet,
  iif: 'br-web',
  oif: 'eth0',
  isLocal: address => address === '198.51.100.1' || address === '10.22.0.1',
  kindOf: dev => (dev.startsWith('br-') ? 'bridge' : ''),
  own: '198.51.100.1',
  ...more,
})
