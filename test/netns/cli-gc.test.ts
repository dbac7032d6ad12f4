// vethwork gc: what a killed container left goes, without any runtime; who lives keeps all.

import { readdirSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { cli, json, said } from '../helpers/cli.ts'
import { settled } from '../helpers/difference.ts'
import type { Container } from '../helpers/host.ts'
import { configOf } from '../helpers/modes.ts'
import { referenceDir } from '../helpers/plugins.ts'
import {
  given,
  requireBuild,
  requireFile,
  requireKernel,
  requireRoot,
  requireTool,
} from '../helpers/requirements.ts'
import { scenes, succeeded } from '../helpers/scene.ts'
import { mentions, snapshot } from '../helpers/snapshot.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireKernel('bridge'),
  requireKernel('macvlan'),
)

const config = configOf('macspoofchk', 'dual')
const ids = (collected: { owner: { containerId: string } }[]) =>
  collected.map(({ owner }) => owner.containerId).sort()

ready('gc', () => {
  test('nobody is gone: nothing is done', async () => {
    const { host, add, runtime, passing } = await open()
    const container = await host.container()
    await add(container, config)
    const before = await snapshot(host, host.directory)
    expect(await said(host, 'gc')).toBe('0 collected\n')
    expect(await settled(before, () => snapshot(host, host.directory), { except: passing([]) })).toEqual([])
    succeeded(await runtime.check(container, config))
  }, 30_000)

  test('the dead go with rules, leases and records; the living stay, and the host is as before', async () => {
    const { host, add, remember, runtime } = await open()
    const [living, ...dead] = (await host.containers(3)) as [Container, Container, Container]
    await add(living, config)
    const before = await remember()
    for (const container of dead) await add(container, config)
    for (const container of dead) await host.remove(container)

    const dry = await json(host, 'gc', '--dry-run')
    expect(ids(dry.collected)).toEqual(dead.map(({ id }) => id).sort())
    const commands = dry.collected.flatMap(({ steps }: { steps: { command: string }[] }) =>
      steps.map(({ command }) => command),
    )
    expect(commands.filter((one: string) => one.includes('delete element bridge vethwork'))).toHaveLength(4)
    expect(ids((await json(host, 'gc', '--dry-run')).collected)).toHaveLength(2)

    expect(await said(host, 'gc')).toMatch(/2 collected\n$/)
    await before.expectSame(...dead)
    succeeded(await runtime.check(living, config))
    expect(await said(host, 'gc')).toBe('0 collected\n')
  }, 60_000)

  test('only of the network that is meant', async () => {
    const { host, add } = await open()
    const [one, other] = (await host.containers(2)) as [Container, Container]
    await add(one, config)
    await add(other, {
      ...configOf('nat', 'v4'),
      name: 'other',
      ipam: { ranges: [[{ subnet: '10.55.0.0/24' }]] },
    })
    await host.remove(one)
    await host.remove(other)
    expect(ids((await json(host, 'gc', '--network', 'other')).collected)).toEqual([other.id])
    expect(mentions(host.stateDir, one.id)).not.toEqual([])
  }, 30_000)

  test('macvlan: of which the host shows nothing', async () => {
    const { host, add } = await open()
    await host.outside()
    const [living, dead] = (await host.containers(2)) as [Container, Container]
    const macvlan = {
      cniVersion: '1.1.0',
      type: 'vethwork',
      name: 'lan',
      mode: 'macvlan',
      master: 'eth0',
      subnet: '10.60.0.0/24',
    }
    await add(living, macvlan)
    await add(dead, macvlan)
    await host.remove(dead)
    expect(ids((await json(host, 'gc')).collected)).toEqual([dead.id])
    expect(await json(host, 'ps')).toMatchObject([{ owner: { containerId: living.id }, life: 'alive' }])
    expect(mentions(host.stateDir, dead.id)).toEqual([])
  }, 30_000)

  test('elements that are nobody’s, as a killed ADD leaves them, go; those of the living and of others stay', async () => {
    const { host, add } = await open()
    const container = await host.container()
    await add(container, config)
    const ruleset = () => host.ok('nft', ['-s', 'list', 'ruleset'])
    const before = await ruleset()
    const names = [...before.matchAll(/set (macspoofchk-ports\/\S+) \{/g)].map(([, name]) => name)
    await host.ok('nft', ['-f', '-'], {
      input: `add element bridge vethwork ${names[0]} { "vethgone" comment "web.net-1/gone/eth0" }`,
    })
    expect((await json(host, 'gc', '--dry-run')).strays).toMatchObject([
      { command: expect.stringContaining('vethgone') },
    ])
    await said(host, 'gc')
    expect(await ruleset()).toBe(before)
  }, 30_000)

  test('an address whose namespace nobody remembers is left, and told', async () => {
    const { host, add } = await open()
    const container = await host.container()
    await add(container, config)
    // As host-local's leases are, which were taken over.
    await host.ok('sh', [
      '-c',
      'rm -r "$1"/.attachments && ip link del $(ip -o link show type veth | sed "s/^[0-9]*: \\([^@:]*\\).*/\\1/")',
      'sh',
      host.stateDir,
    ])
    await host.remove(container)
    const { collected, unknown } = await json(host, 'gc')
    // The lease itself remembers it.
    expect([ids(collected), unknown]).toEqual([[container.id], []])
  }, 30_000)
})

given(
  requireRoot(),
  requireBuild(),
  requireKernel('bridge'),
  requireFile(`${referenceDir}/host-local`),
)('a delegate', () => {
  test('gets its DEL, as the runtime would have called it', async () => {
    const { host, add } = await open()
    const container = await host.container()
    const dataDir = `${host.directory}/leases`
    const ipam = { type: 'host-local', dataDir, subnet: '10.44.0.0/24' }
    const delegated = { cniVersion: '1.0.0', type: 'vethwork', name: 'web', isGateway: true, ipam }
    await add(container, delegated, { env: { CNI_PATH: referenceDir } })
    expect(readdirSync(`${dataDir}/web`)).toContain('10.44.0.2')
    await host.remove(container)
    expect(await said(host, 'gc')).toMatch(/1 collected\n$/)
    expect(readdirSync(`${dataDir}/web`)).not.toContain('10.44.0.2')
    expect((await cli(host, ['gc', 'nonsense'])).exitCode).toBe(2)
  }, 30_000)
})
