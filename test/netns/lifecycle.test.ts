// What a container leaves behind: nothing. The host's whole state before ADD equals that after DEL, on a network
// that somebody else goes on using, with real packets in between, in every mode and family.
import { afterEach, expect, test } from '@jest/globals'
import {
  beyond,
  configOf,
  eachOf,
  type Family,
  families,
  gateways,
  hostSeen,
  layer2,
  type ModeName,
  modeNames,
  modes,
} from '../helpers/modes.ts'
import type { Netns } from '../helpers/netns.ts'
import { pings, sourceSeenBy } from '../helpers/packets.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'

const open = scenes(afterEach)

const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('ping'),
  requireKernel('bridge'),
)

/** Address by family of what has been attached. */
const addressesOf = ({ ips }: { ips: { address: string }[] }) => {
  const find = (colon: boolean) => ips.find(({ address }) => address.includes(':') === colon)?.address
  return { v4: find(false)?.split('/')[0] ?? '', v6: find(true)?.split('/')[0] ?? '' }
}

/** The container's link-local address: the host learns it as a neighbour, too. */
const linkLocalOf = async (netns: Netns, dev: string): Promise<string> => {
  const text = await netns.ok('ip', ['-6', '-o', 'addr', 'show', 'dev', dev, 'scope', 'link'])
  return /inet6 (fe80:[^/]+)/.exec(text)?.[1] ?? ''
}

const lifecycle = async (mode: ModeName, family: Family) => {
  const { host, add, del, remember } = await open()
  const [resident, passenger] = await host.containers(2)
  if (!resident || !passenger) throw new Error('no containers')
  const outside = await host.outside()
  for (const one of eachOf('dual')) expect(await pings(host, beyond[one])).toBe(true)
  const config = configOf(mode, family)
  const facts = modes[mode]
  const there = addressesOf((await add(resident, config)).json)
  for (const one of eachOf(family)) if (facts.gateway) expect(await pings(resident, gateways[one])).toBe(true)
  const before = await remember()

  const { json } = await add(passenger, config)
  const here = addressesOf(json)
  for (const one of eachOf(family)) {
    expect({ one, peers: await pings(passenger, there[one], facts.peers ? 5 : 1) }).toEqual({
      one,
      peers: facts.peers,
    })
    if (facts.gateway) {
      expect(await pings(passenger, gateways[one])).toBe(true)
      expect(await pings(host, here[one])).toBe(true)
    }
    const seen = await sourceSeenBy(outside, passenger, beyond[one])
    expect({ one, seen }).toEqual({ one, seen: facts.outside ? hostSeen[one] : undefined })
  }
  if (facts.gateway && family !== 'v4') {
    const linkLocal = await linkLocalOf(passenger, 'eth0')
    // The bridge's own link-local address is tentative for a while: many tries, each of them short.
    expect(await pings(host, `${linkLocal}%${json.interfaces[0].name}`, 40)).toBe(true)
    const neighbours = await host.ip('-6 neigh')
    expect(neighbours.map(({ dst }: { dst: string }) => dst)).toContain(linkLocal)
  }
  await del(passenger, config)
  await before.expectSame(passenger)
  expect((await passenger.ip('link')).map(({ ifname }: { ifname: string }) => ifname)).toEqual(['lo'])
}

ready('the host before ADD and after DEL', () => {
  for (const mode of modeNames)
    for (const family of families) test(`${mode}, ${family}`, () => lifecycle(mode, family), 90_000)

  test('no addresses: pure layer 2', async () => {
    const { host, add, del, remember } = await open()
    const [one, other] = await host.containers(2)
    await add(one!, layer2)
    const before = await remember()
    const { json } = await add(other!, layer2)
    expect(json.ips).toBeUndefined()
    // The cable carries whatever they agree on between themselves.
    await one!.batch('addr add 10.9.9.1/24 dev eth0')
    await other!.batch('addr add 10.9.9.2/24 dev eth0')
    expect(await pings(one!, '10.9.9.2')).toBe(true)
    await del(other!, layer2)
    await before.expectSame(other!)
  }, 60_000)
})
