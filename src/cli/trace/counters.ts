/** What interfaces and protocols have counted: how far a packet got where nftables does not look. */

import { run } from '../../linux/exec.ts'
import { HOST, type Netns } from '../../plan/netns.ts'
import type { Packet } from './packet.ts'
import type { Sight } from './sight.ts'

export interface Counters {
  /** Packets sent and received, and those dropped, by place and name. */
  readonly links: ReadonlyMap<string, Count>
  /** Datagrams of UDP that were taken in the last place. */
  readonly taken: number
}

interface Count {
  readonly place: Netns
  readonly name: string
  readonly sent: number
  readonly received: number
  readonly dropped: number
}

interface Shown {
  readonly ifname: string
  readonly stats64?: { readonly rx: Sums; readonly tx: Sums }
}
interface Sums {
  readonly packets: number
  readonly dropped: number
}

export const countersOf = async (places: readonly Netns[], { family }: Packet): Promise<Counters> => {
  const links = new Map<string, Count>()
  for (const place of places) {
    const { stdout } = await run('ip', ['-s', '-j', 'link', 'show'], { netns: place })
    for (const { ifname: name, stats64 } of JSON.parse(stdout || '[]') as Shown[])
      if (stats64 && name !== 'lo')
        links.set(`${place} ${name}`, {
          place,
          name,
          sent: stats64.tx.packets,
          received: stats64.rx.packets,
          dropped: stats64.rx.dropped + stats64.tx.dropped,
        })
  }
  return { links, taken: await takenIn(places.at(-1)!, family) }
}

/** Of UDP, `InDatagrams` of proc(5), /proc/net/snmp and snmp6. */
const takenIn = async (place: Netns, family: 4 | 6): Promise<number> => {
  const { stdout } = await run('cat', [family === 4 ? '/proc/net/snmp' : '/proc/net/snmp6'], { netns: place })
  const [, datagrams] = (family === 4 ? /^Udp: (\d+)/m : /^Udp6InDatagrams\s+(\d+)/m).exec(stdout) ?? []
  return Number(datagrams ?? 0)
}

/** `eth0 of web1: 1 sent, 1 received`: of the containers all, of the host their cables. */
export const movedWords = ({ plugs }: Sight, before: Counters, after: Counters): string[] =>
  [...after.links].flatMap(([key, { place, name, sent, received, dropped }]) => {
    const then = before.links.get(key)
    const plug = plugs.find(one => (place === HOST ? one.port === name : one.netns === place))
    if (!then || !plug) return []
    const since = [
      [sent - then.sent, 'sent'],
      [received - then.received, 'received'],
      [dropped - then.dropped, 'dropped'],
    ] as const
    const words = since.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []))
    return words.length
      ? [`${name}${place === HOST ? '' : ` of container ${plug.container}`}: ${words.join(', ')}`]
      : []
  })
