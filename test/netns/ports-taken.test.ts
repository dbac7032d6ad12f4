// A port of the host has one holder: another container, or a process of the host; who it is stands in the error.

import { rmSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { answerDatagrams } from '../helpers/datagrams.ts'
import type { Container } from '../helpers/host.ts'
import { configOf, hostSeen, networkName } from '../helpers/modes.ts'
import { connect, type Listener, listen } from '../helpers/packets.ts'
import { dns, type Mapping, publishing, web } from '../helpers/portmappings.ts'
import { withPorts } from '../helpers/published.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'
import { start } from '../helpers/service.ts'

const open = scenes(afterEach)
const listeners: Listener[] = []
afterEach(async () => {
  await Promise.all(listeners.splice(0).map(one => one.stop()))
})

const other = (mappings: readonly Mapping[], more: Record<string, unknown> = {}) =>
  publishing(mappings, {
    name: 'other',
    ipam: { type: 'vethwork-ipam', ranges: [[{ subnet: '10.45.0.0/24' }], [{ subnet: 'fd00:45::/64' }]] },
    ...more,
  })

const prepared = async () => {
  const opened = await open()
  await opened.host.outside()
  await opened.host.batch('addr add 198.51.100.7/24 dev eth0')
  const [one, two] = (await opened.host.containers(2)) as [Container, Container]
  return { ...opened, one, two }
}

withPorts('taken by another container', () => {
  const at = (hostIP: string) => ({ ...web, hostIP })
  const cases: [string, Mapping, Mapping, RegExp][] = [
    ['the same', web, web, /port 8080\/tcp of the host is taken/],
    ['one address of all', at('198.51.100.7'), web, /port 8080\/tcp of the host is taken/],
    ['all, of which one is wanted', web, at('198.51.100.7'), /port 8080\/tcp of 198\.51\.100\.7 is taken/],
    ['one of a range', { ...web, hostPort: 8000, range: 100 }, web, /port 8080\/tcp of the host is taken/],
    ['within a range that is wanted', web, { ...web, hostPort: 8000, range: 100 }, /port 8080\/tcp/],
    ['one family of two', at('::'), web, /port 8080\/tcp of the host is taken/],
  ]
  test.each(cases)(
    '%s: its owner is named, and nothing is changed',
    async (_, held, wanted, says) => {
      const { runtime, add, one, two, remember } = await prepared()
      await add(one, publishing([held]))
      const before = await remember()
      for (const config of [publishing([wanted]), other([wanted])]) {
        const { code, msg } = failed(await runtime.add(two, config))
        expect({ code, msg }).toEqual({ code: 110, msg: expect.stringMatching(says) })
        expect(msg).toContain(`is taken by ${networkName}/${one.id}/eth0`)
        await before.expectSame(two)
      }
    },
    60_000,
  )

  test('another address, another protocol, another family are other ports', async () => {
    const { add, one, two, del } = await prepared()
    const config = publishing([at('198.51.100.7'), { ...web, hostPort: 81, hostIP: '::' }])
    await add(one, config)
    const rest = other([
      at(hostSeen.v4),
      { ...web, protocol: 'UDP' },
      { ...web, hostPort: 81, hostIP: '0.0.0.0' },
    ])
    await add(two, rest)
    await del(one, config)
    await del(two, rest)
  }, 60_000)

  test.each(['the first of their network', 'not the first'])(
    'of ten that ask at once, %s, one gets it, and the others are told who',
    async place => {
      const { host, runtime, add } = await open()
      const [first, ...containers] = (await host.containers(11)) as [Container, ...Container[]]
      if (place === 'not the first') await add(first, configOf('nat', 'dual'))
      const rans = await Promise.all(containers.map(one => runtime.add(one, publishing([web]))))
      const winners = containers.filter((_, n) => rans[n]!.exitCode === 0)
      expect(winners).toHaveLength(1)
      for (const ran of rans.filter(({ exitCode }) => exitCode !== 0))
        expect(failed(ran)).toMatchObject({ code: 110, msg: expect.stringContaining(winners[0]!.id) })
    },
    60_000,
  )

  const gone: Record<string, (world: Awaited<ReturnType<typeof prepared>>) => unknown> = {
    'whose namespace is gone': ({ host, one }) => host.remove(one),
    'whose namespace is gone, and all memory of it': async ({ host, one }) => {
      await host.remove(one)
      rmSync(host.stateDir, { recursive: true })
    },
  }
  for (const [title, go] of Object.entries(gone))
    for (const wanted of [web, at('198.51.100.7')])
      test(`${title}: it is taken over, by ${wanted.hostIP ?? 'all addresses'}`, async () => {
        const world = await prepared()
        const { host, add, one, two, runtime } = world
        await add(one, publishing([web]))
        await go(world)
        const config = other([wanted])
        await add(two, config)
        listeners.push(await listen(two, 80, 'two'))
        expect(await connect(host, '198.51.100.7', 8080)).toBe('two\n')
        succeeded(await runtime.check(two, config))
        succeeded(await runtime.del(one, publishing([web])))
        expect(await connect(host, '198.51.100.7', 8080)).toBe('two\n')
      }, 60_000)

  test('of which nothing is remembered, but that is there: it is refused', async () => {
    const { host, add, one, two, runtime } = await prepared()
    await add(one, publishing([web]))
    rmSync(host.stateDir, { recursive: true })
    expect(failed(await runtime.add(two, other([web])))).toMatchObject({ code: 110 })
  }, 60_000)
})

withPorts('taken by a process of the host', () => {
  const held: [string, string, Mapping, boolean][] = [
    ['tcp', '0.0.0.0', web, true],
    ['tcp', '::', web, true],
    ['tcp', '127.0.0.1', web, true],
    ['tcp', hostSeen.v6, web, true],
    ['tcp', hostSeen.v4, { ...web, hostIP: hostSeen.v4 }, true],
    ['tcp', hostSeen.v4, { ...web, hostIP: '198.51.100.7' }, false],
    ['tcp', hostSeen.v6, { ...web, hostIP: '0.0.0.0' }, false],
    ['tcp', '0.0.0.0', { ...web, protocol: 'udp' }, false],
    ['udp', '0.0.0.0', { ...dns, hostPort: 8080 }, true],
    ['udp', '::', { ...dns, hostPort: 8070, range: 20 }, true],
    ['udp', '127.0.0.1', web, false],
  ]
  const listening = `
    const [protocol, address] = process.argv.slice(1)
    const done = () => console.log('listening')
    if (protocol === 'tcp') require('node:net').createServer().listen(8080, address, done)
    else require('node:dgram').createSocket(address.includes(':') ? 'udp6' : 'udp4').bind(8080, address, done)`

  test.each(held)(
    '%s %s, where %j is wanted: refused %s',
    async (protocol, address, wanted, isRefused) => {
      const { host, one, runtime, remember } = await prepared()
      const listener = await start(host, process.execPath, ['-e', listening, protocol, address], /listening/)
      listeners.push({ stop: async () => void (await listener.stop()) })
      const before = await remember()
      const ran = await runtime.add(one, publishing([wanted]))
      if (!isRefused) return succeeded(ran)
      const { code, msg } = failed(ran)
      expect({ code, msg }).toEqual({
        code: 110,
        msg: expect.stringMatching(/^port 8080\/\w+ of \S+( host)? is taken: node \(pid \d+\) listens there/),
      })
      expect(msg).toContain(`pid ${listener.pid}`)
      await before.expectSame(one)
    },
    60_000,
  )

  test('that the runtime holds for the container itself, with its ID on the command line: it is not refused', async () => {
    const { host, one, two, runtime } = await prepared()
    const script = `${listening} // for ${one.id}`
    const listener = await start(host, process.execPath, ['-e', script, 'tcp', '0.0.0.0'], /listening/)
    listeners.push({ stop: async () => void (await listener.stop()) })
    expect(failed(await runtime.add(two, publishing([web])))).toMatchObject({ code: 110 })
    succeeded(await runtime.add(one, publishing([web])))
  }, 60_000)

  test('in a container is no process of the host', async () => {
    const { one, add } = await prepared()
    listeners.push(await listen(one, 8080), await answerDatagrams(one, 5353))
    await add(one, publishing([web, dns]))
  }, 60_000)
})

withPorts('what cannot be published is refused, and nothing is changed', () => {
  const cases: [string, () => Record<string, unknown>, RegExp][] = [
    [
      'an address of another machine',
      () => publishing([{ ...web, hostIP: '192.0.2.9' }]),
      /hostIP "192\.0\.2\.9" is no address of this host/,
    ],
    ['::1', () => publishing([{ ...web, hostIP: '::1' }]), /hostIP ::1: the kernel leads nothing/],
    [
      'a family that the container lacks',
      () => publishing([{ ...web, hostIP: hostSeen.v6 }], {}, 'nat', 'v4'),
      /is IPv6, and the container has no such address/,
    ],
    [
      'a local network',
      () => publishing([web], {}, 'local'),
      /the host is not in network 'web\.net-1' \(mode local\)/,
    ],
    [
      'a bridge without a gateway',
      () => publishing([web], { isDefaultGateway: false, ipMasq: false }, 'ipMasq by nftables'),
      /the host is not in network/,
    ],
    [
      'macvlan',
      () => ({
        ...configOf('nat', 'v4'),
        mode: 'macvlan',
        master: 'eth0',
        runtimeConfig: { portMappings: [web] },
      }),
      /\(mode macvlan\)/,
    ],
  ]
  test.each(cases)(
    '%s',
    async (_, config, says) => {
      const { one, runtime, remember } = await prepared()
      const before = await remember()
      const { code, msg, details } = failed(await runtime.add(one, config()))
      expect({ code, msg }).toEqual({ code: 7, msg: expect.stringMatching(says) })
      expect(details).not.toBe('')
      await before.expectSame(one)
    },
    60_000,
  )
})
