/** `vethwork trace`: where a packet would go, and where it ends. */

import type { CommandModule } from 'yargs'
import { show } from '../terminal.ts'

interface Flags {
  from?: string
  to?: string
  protocol?: 'tcp' | 'udp' | 'icmp' | 'sctp'
  size?: number
  live?: boolean
  json?: boolean
}

export const trace: CommandModule<object, Flags> = {
  command: 'trace <from> <to>',
  describe: 'follow a packet and its answer, hop by hop, to where it is delivered or dropped',
  builder: yargs =>
    yargs
      .positional('from', {
        type: 'string',
        describe: "a container's ID, NETWORK/ID/IFNAME, an address, or host",
      })
      .positional('to', { type: 'string', describe: 'the same, with a port: ID:80, [2001:db8::1]:80' })
      .options({
        protocol: {
          choices: ['tcp', 'udp', 'icmp', 'sctp'] as const,
          describe: 'default: tcp with a port, an echo request without',
        },
        size: { type: 'number', default: 84, describe: 'bytes of the IP packet, which must not be cut' },
        live: { type: 'boolean', describe: 'send one, too, and see in nftables where it really ends' },
        json: { type: 'boolean', describe: 'as JSON: packet, hops, verdict' },
      })
      .example('$0 trace web1 192.0.2.1', 'does the container get out?')
      .example('$0 trace 198.51.100.2 198.51.100.1:8080', 'does somebody outside reach a published port?')
      .example('$0 trace web1 web2:80 --live', 'exit status: 0 delivered, 1 dropped, 2 not understood'),
  async handler({ from = '', to = '', json, ...options }) {
    const [{ ask }, { listing }, { AlreadySaid }] = await Promise.all([
      import('../trace/ask.ts'),
      import('../trace/listing.ts'),
      import('../alreadysaid.ts'),
    ])
    const traced = await ask({ from, to, ...options })
    show(json, traced, () => listing(traced))
    if (!traced.verdict.delivered) throw new AlreadySaid()
  },
}
