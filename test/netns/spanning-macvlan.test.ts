// macvlan: who reaches whom in each of its modes, with real packets; what is noticed; its lower device in the container.
import { afterEach, expect, test } from '@jest/globals'
import { lan, type Site } from '../helpers/hosts.ts'
import { capture, pings } from '../helpers/packets.ts'
import { referenceDir } from '../helpers/plugins.ts'
import {
  given,
  requireBuild,
  requireFile,
  requireKernel,
  requireRoot,
  requireTool,
} from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'
import { configOn, plugIn, type Spanning } from '../helpers/spanning.ts'
import { isAsTheReference, worksOnItsOwnMaster } from '../helpers/spanning-lower.ts'
import { native } from '../helpers/spanning-modes.ts'
import { isNoticed } from '../helpers/spanning-state.ts'

const open = scenes(afterEach)
const ready = given(requireRoot(), requireBuild(), requireTool('tcpdump'), requireKernel('macvlan'))

const inMode = (macvlanMode: string): Spanning => ({
  ...native.macvlan!,
  fields: ({ master }: Site) => ({ mode: 'macvlan', macvlanMode, master }),
})

/** Two containers of one host, and whether they reach each other, on a switch that sends frames back and on one that does not. */
const neighbours = async (macvlanMode: string) => {
  const { sites, wire } = await lan(open)
  const [site, other] = sites
  const [a, b] = [await plugIn(site, inMode(macvlanMode)), await plugIn(site, inMode(macvlanMode))]
  const reach = async () => [
    await pings(a.container, b.v4, 2),
    await pings(a.container, b.v6, 2),
    await pings(b.container, a.v4, 2),
  ]
  const port = await capture(wire, site.port, `arp and ether src ${a.mac}`)
  const plain = await reach()
  const onTheWire = (await port.stop()).some(line => line.includes(`who-has ${b.v4}`))
  await wire.batch(`link set ${site.port} type bridge_slave hairpin on`)
  const reflected = await reach()
  for (const { container } of [a, b]) {
    // The LAN, always; its own host, never: frames for it pass it by.
    expect(await pings(container, other.v4)).toBe(true)
    expect(await pings(container, other.v6)).toBe(true)
  }
  await wire.batch(`link set ${site.port} type bridge_slave hairpin off`)
  expect(await pings(a.container, site.v4, 1)).toBe(false)
  for (const { container, config } of [a, b]) succeeded(await site.runtime.check(container, config))
  return { plain, reflected, onTheWire }
}

const all = [true, true, true]
const none = [false, false, false]

ready('macvlanMode', () => {
  test('bridge: containers of one host reach each other', async () => {
    expect(await neighbours('bridge')).toEqual({ plain: all, reflected: all, onTheWire: true })
  }, 60_000)

  test('vepa: by a switch that sends frames back where they came from, else not', async () => {
    expect(await neighbours('vepa')).toEqual({ plain: none, reflected: all, onTheWire: true })
  }, 60_000)

  test('private: never', async () => {
    expect(await neighbours('private')).toEqual({ plain: none, reflected: none, onTheWire: true })
  }, 60_000)

  test('passthru: one container, with the MAC of the interface; a second one is refused', async () => {
    const { sites } = await lan(open)
    const [site, other] = sites
    const before = await site.remember()
    const mode = inMode('passthru')
    const one = await plugIn(site, mode)
    expect(one.mac).toBe((await site.host.ip('link show dev eth1'))[0].address)
    expect((await one.container.ip('link show dev eth0'))[0].address).toBe(one.mac)
    expect(await pings(one.container, other.v4)).toBe(true)
    succeeded(await site.runtime.check(one.container, one.config))

    const second = await site.host.container()
    const config = configOn(site, mode)
    const { msg, details } = failed(await site.runtime.add(second, config))
    expect(msg).toMatch(/cannot create the macvlan/)
    expect(details).toMatch(/one macvlan with macvlanMode passthru/)
    expect((await second.ip('link')).map(({ ifname }: { ifname: string }) => ifname)).not.toContain('eth0')
    await site.del(one.container, one.config)
    await before.expectSame(one.container, second)
    await site.add(second, config)
    await site.del(second, config)
    await before.expectSame(one.container, second)
  }, 60_000)
})

ready('macvlan', () => {
  test('bcqueuelen is set', async () => {
    const [site] = (await lan(open)).sites
    const { container, config } = await plugIn(site, native.macvlan!, false, { bcqueuelen: 500 })
    const [link] = await container.ip('-d link show dev eth0')
    expect(link.linkinfo.info_data).toMatchObject({ mode: 'bridge', bcqueuelen: 500 })
    succeeded(await site.runtime.check(container, config))
  }, 60_000)

  test('a master that is a port of a bridge: named, and what to do', async () => {
    const [site] = (await lan(open)).sites
    await site.host.batch('link add br7 up type bridge', 'link set eth1 master br7')
    const before = await site.remember()
    const container = await site.host.container()
    expect(failed(await site.runtime.add(container, configOn(site, native.macvlan!)))).toMatchObject({
      code: 104,
      details: expect.stringMatching(/the master is a port of a bridge/),
    })
    await before.expectSame(container)
  }, 60_000)

  test('linkInContainer', () => worksOnItsOwnMaster(open, { mode: 'macvlan' }), 60_000)

  test(
    'CHECK notices what is not as it was',
    () =>
      isNoticed(open, native.macvlan!, {
        down: ['INSIDE ip link set eth0 down', /set eth0 up/],
        'another MTU': ['INSIDE ip link set eth0 mtu 1400', /set eth0 mtu 1500/],
        'another MAC': ['INSIDE ip link set eth0 address 02:00:00:00:00:07', /set eth0 address 02:/],
        'no address': ['INSIDE ip -4 addr flush dev eth0', /give eth0 the address 192\.0\.2\.1/],
        'another mode': ['INSIDE ip link set eth0 type macvlan mode private', /macvlan/],
        gone: ['INSIDE ip link del eth0', /create the macvlan/],
      }),
    60_000,
  )
})

given(
  requireRoot(),
  requireBuild(),
  requireKernel('macvlan'),
  requireFile(`${referenceDir}/macvlan`),
)('as the reference macvlan', () => {
  for (const [name, more] of Object.entries({
    'its defaults': {},
    'mode bridge': { mode: 'bridge', linkInContainer: false },
    'mode vepa': { mode: 'vepa' },
    'mode private, mtu': { mode: 'private', mtu: 1400 },
    'mode passthru': { mode: 'passthru' },
  }))
    test(name, () => isAsTheReference(open, { type: 'macvlan', ...more }), 60_000)
})
