/** `vethwork events`: what happens to our networks, as it happens; until it is interrupted. */

import type { CommandModule } from 'yargs'
import type { Event } from '../events/changes.ts'
import { hasColour, print, tinted } from '../terminal.ts'
import { ownerWords } from '../words.ts'

interface Flags {
  network?: string
  json?: boolean
}

export const events: CommandModule<object, Flags> = {
  command: 'events',
  describe: 'follow ADD, DEL and what others change of ours, one line each, until interrupted',
  builder: yargs =>
    yargs
      .options({
        network: { type: 'string', describe: 'only of this one' },
        json: { type: 'boolean', describe: 'one JSON object a line' },
      })
      .example('$0 events --json | jq -r .event', 'for programs'),
  async handler({ network, json }) {
    const { followEvents } = await import('../events/follow.ts')
    const end = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end.abort())
    const colour = hasColour(process.stdout, process.env)
    const tell = (event: Event) => {
      if (network !== undefined && event.network !== network) return
      const text = json ? JSON.stringify(event) : colour ? tinted(line(event)) : line(event)
      // Whoever it was for has seen enough.
      if (!print(text)) end.abort()
    }
    await followEvents(tell, end.signal)
  },
}

/** `20:06:31  ADD      3f2a9c1d0b7e eth0 on web  10.22.0.2/24` */
export const line = ({ time, event, what, from, to, byOthers, ...one }: Event): string => {
  const { containerId, ifname, network = '', addresses = [] } = one
  const who = containerId && ifname ? ownerWords({ containerId, ifname, network }) : (what ?? '')
  const change = from && to ? `${from} → ${to}` : (to ?? '')
  const words = [who, ...(containerId ? addresses : []), change, byOthers ? '(not by vethwork)' : '']
  return `${time.slice(11, 19)}  ${event.padEnd(7)}  ${words.filter(Boolean).join('  ')}`
}
