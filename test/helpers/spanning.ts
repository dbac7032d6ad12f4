/** Networks that leave the host, one of each kind, and what must be true of all of them: proven with packets. */
import { expect } from '@jest/globals'
import type { Container } from './host.ts'
import { lan, type Site } from './hosts.ts'
import { capture, pings } from './packets.ts'
import type { scenes } from './scene.ts'
import { transfer } from './transfer.ts'

export type Open = ReturnType<typeof scenes>
type Fields = Readonly<Record<string, unknown>>

export interface Spanning {
  /** Fields of the network, the same on all hosts but for what `site` says of one. */
  readonly fields: (site: Site) => Fields
  /** What another network has that must hear nothing; undefined where there is only one on an interface. */
  readonly other?: Fields
  /** The largest packet in it, of an underlay of 1500. */
  readonly mtu: number
  /** The containers' addresses are the LAN's. */
  readonly onLan?: boolean
  /** Nothing is left on the host once the container is gone: no bridge, nothing to prune. */
  readonly bare?: boolean
  /** Of what tools are told for it, that which no other network needs: where another one proves the rest. */
  readonly own?: RegExp
  /** Frames on the wire: what to capture, and what tcpdump says of each of them. */
  readonly wire: readonly [filter: string, says: RegExp]
}

/** Ranges of their own for each host and each of two networks, out of the same subnet. */
const rangesOf = (n: number, { onLan = false }: Spanning, second: boolean) => {
  const from = 100 + 10 * n + (second ? 50 : 0)
  const [v4, v6] = onLan ? ['192.0.2', '2001:db8:'] : ['10.60.0', 'fd00:60:']
  return [
    [{ subnet: `${v4}.0/24`, rangeStart: `${v4}.${from}`, rangeEnd: `${v4}.${from + 9}` }],
    [{ subnet: `${v6}:/64`, rangeStart: `${v6}:${from}`, rangeEnd: `${v6}:${from + 9}` }],
  ]
}

export const configOn = (site: Site, mode: Spanning, second = false, more: Fields = {}) => ({
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: second ? 'net-b' : 'net-a',
  ipam: { type: 'vethwork-ipam', ranges: rangesOf(site.n, mode, second) },
  ...mode.fields(site),
  ...(second ? mode.other : {}),
  ...more,
})

export interface Plugged {
  readonly site: Site
  readonly container: Container
  readonly config: ReturnType<typeof configOn>
  readonly v4: string
  readonly v6: string
  readonly mac: string
  // biome-ignore lint/suspicious/noExplicitAny: a result
  readonly result: any
}

export const plugIn = async (
  site: Site,
  mode: Spanning,
  second = false,
  more: Fields = {},
): Promise<Plugged> => {
  const container = await site.host.container()
  const config = configOn(site, mode, second, more)
  const { json: result } = await site.add(container, config)
  const [v4, v6] = result.ips.map(({ address }: { address: string }) => address.split('/')[0])
  return { site, container, config, v4, v6, mac: result.interfaces.at(-1).mac, result }
}

export const dual = ['v4', 'v6'] as const

/** 1. Both ways, in both families; TCP with full-size segments; the largest packet, and not one byte more. */
export const reachesAcross = async (open: Open, mode: Spanning) => {
  const { sites, wire } = await lan(open)
  const [a, b] = [await plugIn(sites[0], mode), await plugIn(sites[1], mode)]
  // In pieces on the underlay: what is not the first, or is not the last.
  const pieces = await capture(wire, sites[0].port, '(ip[6:2] & 0x3fff != 0) or (ip6[6] == 44)')
  for (const family of dual) {
    expect([family, await pings(a.container, b[family]), await pings(b.container, a[family])]).toEqual([
      family,
      true,
      true,
    ])
    const headers = family === 'v4' ? 28 : 48
    const sized = async (size: number) =>
      (
        await a.container.sh('ping', [
          '-n',
          '-c1',
          '-W3',
          '-M',
          'do',
          '-s',
          String(size - headers),
          b[family],
        ])
      ).exitCode === 0
    expect([family, await sized(mode.mtu), await sized(mode.mtu + 1)]).toEqual([family, true, false])
    // IP, TCP and its timestamps (RFC 7323).
    const data = mode.mtu - (family === 'v4' ? 20 : 40) - 20 - 12
    expect(await transfer(a.container, b.container, b[family])).toEqual({
      whole: true,
      largest: data,
      error: '',
    })
  }
  expect(await pieces.stop()).toEqual([])
  expect(a.result.interfaces.map(({ mtu }: { mtu: number }) => mtu)).toEqual(
    a.result.interfaces.map(() => mode.mtu),
  )
  if (!mode.bare)
    expect((await sites[0].host.ip(`link show dev ${a.result.interfaces[0].name}`))[0].mtu).toBe(mode.mtu)
}

/** 2. Another network with the same subnet on the same hosts hears nothing: neither who is asked for nor a ping. */
export const isHeardOfNobodyElse = async (open: Open, mode: Spanning) => {
  const { sites } = await lan(open)
  const [a, b] = [await plugIn(sites[0], mode), await plugIn(sites[1], mode)]
  const [c, d] = [await plugIn(sites[0], mode, true), await plugIn(sites[1], mode, true)]
  const filter = `ether src ${a.mac} or ether src ${b.mac}`
  const ears = await Promise.all([c, d].map(({ container }) => capture(container, 'eth0', filter)))
  const inside = await capture(b.container, 'eth0', `arp and ether src ${a.mac}`)
  // Within each network all is well, so that silence means something.
  for (const family of dual) {
    expect(await pings(a.container, b[family])).toBe(true)
    expect(await pings(c.container, d[family])).toBe(true)
  }
  for (const [from, to] of [
    [a, c],
    [a, d],
    [b, c],
    [b, d],
  ] as const)
    for (const family of dual) expect(await pings(from.container, to[family], 1)).toBe(false)
  for (const family of dual) expect(await pings(a.container, b[family])).toBe(true)
  // The broadcasts that asked for d were on the way: the neighbour in its own network heard them.
  expect((await inside.stop()).join('\n')).toMatch(new RegExp(`who-has ${d.v4.replaceAll('.', '\\.')}`))
  expect(await Promise.all(ears.map(ear => ear.stop()))).toEqual([[], []])
}

/** 3. What tcpdump sees on the switch. */
export const isSeenOnTheWire = async (open: Open, mode: Spanning) => {
  const { sites, wire } = await lan(open)
  const [a, b] = [await plugIn(sites[0], mode), await plugIn(sites[1], mode)]
  const seen = await capture(wire, sites[1].port, mode.wire[0])
  expect(await pings(a.container, b.v4)).toBe(true)
  const text = (await seen.stop()).join('\n')
  expect(text).toMatch(mode.wire[1])
  expect(text).toMatch(new RegExp(`${a.v4} > ${b.v4}: ICMP echo request`))
}
