// GC keeps what the runtime says is valid, deletes all else of its network, and touches nobody else's.

import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { type CniRan, cni } from '../helpers/cni.ts'
import { settled } from '../helpers/difference.ts'
import type { Container } from '../helpers/host.ts'
import { configOf, type ModeName, networkName } from '../helpers/modes.ts'
import { referenceDir } from '../helpers/plugins.ts'
import {
  given,
  requireBuild,
  requireFile,
  requireKernel,
  requireRoot,
  requireTool,
} from '../helpers/requirements.ts'
import { failed, type Scene, scenes, succeeded } from '../helpers/scene.ts'
import { mentions, snapshot } from '../helpers/snapshot.ts'

const open = scenes(afterEach)
const ready = given(requireRoot(), requireBuild(), requireTool('nft'), requireKernel('bridge'))

const macspoofchk = configOf('macspoofchk', 'dual')
const stranger = { ...configOf('macspoofchk', 'v4'), name: 'other', bridge: 'other0' }
stranger.ipam.ranges = [[{ subnet: '10.55.0.0/24' as never }]]

const attachments = (...containers: Container[]) =>
  containers.map(({ id }) => ({ containerID: id, ifname: 'eth0' }))
const valid = (...containers: Container[]) => ({ 'cni.dev/valid-attachments': attachments(...containers) })
const gc = ({ host }: Scene, more: object, config: object = macspoofchk): Promise<CniRan> =>
  cni(host, { command: 'GC', config: { ...config, ...more } })

/** Three containers of one network and one of another; the snapshots are as they should be after GC. */
const crowded = async () => {
  const opened = await open()
  const [foreigner, one, two, three] = (await opened.host.containers(4)) as [
    Container,
    Container,
    Container,
    Container,
  ]
  await opened.host.batch(
    'link add foreign0 type bridge',
    'link add vethforeign type veth peer name foreign1',
  )
  await opened.host.ok('nft', ['-f', '-'], {
    input: 'add table inet foreign; add set inet foreign s { type ifname; elements = { "vethforeign" } }',
  })
  await opened.add(foreigner, stranger)
  await opened.add(one, macspoofchk)
  const withOne = await opened.remember()
  await opened.add(two, macspoofchk)
  await opened.add(three, macspoofchk)
  return { ...opened, foreigner, one, two, three, withOne }
}

ready('the list', () => {
  test('these stay, all others go', async () => {
    const all = await crowded()
    const { runtime, one, two, three, foreigner, withOne } = all
    succeeded(await gc(all, valid(one)))
    await withOne.expectSame(two, three)
    succeeded(await runtime.check(one, macspoofchk))
    succeeded(await runtime.check(foreigner, stranger))
  }, 60_000)

  test('the old key', async () => {
    const all = await crowded()
    succeeded(await gc(all, { 'cni.dev/attachments': attachments(all.one) }))
    await all.withOne.expectSame(all.two, all.three)
  }, 60_000)

  test('the same container by another interface is not valid', async () => {
    const all = await crowded()
    const list = [{ containerID: all.two.id, ifname: 'eth1' }, ...attachments(all.one)]
    succeeded(await gc(all, { 'cni.dev/valid-attachments': list }))
    await all.withOne.expectSame(all.two, all.three)
  }, 60_000)

  test('empty: nothing of this network stays, all of the other does', async () => {
    const all = await crowded()
    const { host, runtime, del, one, two, three, foreigner } = all
    succeeded(await gc(all, valid()))
    for (const container of [one, two, three]) {
      expect((await container.ip('link')).map(({ ifname }: { ifname: string }) => ifname)).toEqual(['lo'])
      expect(mentions(host.stateDir, container.id)).toEqual([])
      // What the runtime did not know to be gone: its DEL has nothing to do.
      await del(container, macspoofchk)
    }
    const masters = (await host.ip('link')).map(({ master }: { master?: string }) => master)
    expect(masters.filter(Boolean)).toEqual(['other0'])
    succeeded(await runtime.check(foreigner, stranger))
  }, 60_000)

  test('twice', async () => {
    const all = await crowded()
    succeeded(await gc(all, valid(all.one)))
    succeeded(await gc(all, valid(all.one)))
    await all.withOne.expectSame(all.two, all.three)
  }, 60_000)
})

ready('refused, and nothing is changed', () => {
  const refusals: Record<string, [more: object, code: number, says: RegExp]> = {
    'no list': [{}, 7, /valid-attachments is missing/],
    null: [{ 'cni.dev/valid-attachments': null }, 7, /valid-attachments is missing/],
    'no list, but an object': [{ 'cni.dev/valid-attachments': {} }, 7, /must be a list/],
    'a list of something else': [{ 'cni.dev/valid-attachments': ['c1'] }, 7, /must be a list/],
    'half an attachment': [{ 'cni.dev/valid-attachments': [{ containerID: 'c1' }] }, 7, /must be a list/],
    'cniVersion 1.0.0': [{ cniVersion: '1.0.0', ...valid() }, 1, /has no GC/],
    'no cniVersion': [{ cniVersion: undefined, ...valid() }, 1, /has no GC/],
  }
  for (const [name, [more, code, says]] of Object.entries(refusals))
    test(name, async () => {
      const all = await crowded()
      const { host } = all
      const before = await snapshot(host, host.stateDir)
      expect(failed(await gc(all, more))).toMatchObject({ code, msg: expect.stringMatching(says) })
      const except = all.passing([])
      expect(await settled(before, () => snapshot(host, host.stateDir), { except })).toEqual([])
    }, 60_000)
})

ready('what a crash leaves', () => {
  const remainders: Record<string, (scene: Scene, container: Container) => Promise<unknown>> = {
    'all of it, and its namespace lives': async () => {},
    'all of it, and its namespace is gone': ({ host }, container) => host.remove(container),
    'a cable without a lease': async ({ host }) =>
      rmSync(`${host.stateDir}/${networkName}`, { recursive: true }),
    'a lease without a cable': async (_, container) => container.batch('link del eth0'),
    'elements of nft without a cable or a lease': async ({ host }, container) => {
      await container.batch('link del eth0')
      rmSync(`${host.stateDir}/${networkName}`, { recursive: true })
    },
    'a cable out of its bridge': async ({ host }, container) => {
      const [{ link_index: port }] = await container.ip('link show eth0')
      const links = await host.ip('link')
      const { ifname } = links.find(({ ifindex }: { ifindex: number }) => ifindex === port)
      await host.batch(`link set ${ifname} nomaster`)
    },
    'no bridge': ({ host }) => host.batch('link del cni0'),
  }
  for (const mode of ['macspoofchk', 'nat', 'local', 'ipMasq by iptables'] as ModeName[])
    for (const [name, crash] of Object.entries(remainders)) {
      if (mode !== 'macspoofchk' && !/^(all of it|no bridge)/.test(name)) continue
      if (mode !== 'macspoofchk' && name === 'no bridge') continue
      test(`${mode}: ${name}`, async () => {
        const opened = await open()
        const { host, add, del } = opened
        const [first, crashed] = (await host.containers(2)) as [Container, Container]
        const config = configOf(mode, 'dual')
        await add(first, config)
        await del(first, config)
        const before = await opened.remember()
        await add(crashed, config)
        await crash(opened, crashed)
        succeeded(await gc(opened, valid(), config))
        if (name === 'no bridge') {
          const kinds = (await host.ip('-d link')).map(
            (one: { linkinfo?: { info_kind: string } }) => one.linkinfo?.info_kind,
          )
          expect(kinds.filter((kind?: string) => kind === 'veth')).toEqual([])
          expect(mentions(host.stateDir, crashed.id)).toEqual([])
        } else await before.expectSame(crashed)
      }, 60_000)
    }
})

given(
  requireRoot(),
  requireBuild(),
  requireFile(`${referenceDir}/host-local`),
)('addresses from a delegate', () => {
  /** Writes what it is called with, and says what it supports. */
  const recorder = (directory: string, versions: readonly string[]) => {
    const [file, log] = [`${directory}/recorder`, `${directory}/recorded`]
    const answer = JSON.stringify({ cniVersion: '1.1.0', supportedVersions: versions })
    const script = `#!/bin/sh\necho "$CNI_COMMAND" >>${log}\n[ "$CNI_COMMAND" = VERSION ] && echo '${answer}'\ncat >${directory}/stdin.$CNI_COMMAND\n`
    writeFileSync(file, script)
    chmodSync(file, 0o755)
    return () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [])
  }
  const configured = (type: string) => ({
    cniVersion: '1.1.0',
    type: 'vethwork',
    name: networkName,
    ipam: { type },
  })
  const call = ({ host }: Scene, config: object, path: string) =>
    cni(host, { command: 'GC', config, env: { CNI_PATH: path } })

  test('one that knows GC gets it, with the list', async () => {
    const opened = await open()
    const { directory } = opened.host
    const calls = recorder(directory, ['1.0.0', '1.1.0'])
    const list = { 'cni.dev/valid-attachments': [{ containerID: 'c1', ifname: 'eth0' }] }
    succeeded(await call(opened, { ...configured('recorder'), ...list }, directory))
    expect(calls()).toEqual(['VERSION', 'GC'])
    expect(JSON.parse(readFileSync(`${directory}/stdin.GC`, 'utf8'))).toMatchObject(list)
  }, 30_000)

  test('one that does not is not asked', async () => {
    const opened = await open()
    const { directory } = opened.host
    const calls = recorder(directory, ['0.4.0', '1.0.0'])
    succeeded(await call(opened, { ...configured('recorder'), ...valid() }, directory))
    expect(calls()).toEqual(['VERSION'])
  }, 30_000)

  test('Debian’s host-local does not: its lease stays, the cable goes', async () => {
    const opened = await open()
    const { host } = opened
    const container = await host.container()
    const ipam = { type: 'host-local', dataDir: `${host.directory}/leases`, subnet: '10.44.0.0/24' }
    // The reference knows no 1.1.0 at all; GC is ours alone.
    const config = { ...configured('host-local'), ipam }
    await opened.add(container, { ...config, cniVersion: '1.0.0' }, { env: { CNI_PATH: referenceDir } })
    succeeded(await call(opened, { ...config, ...valid() }, referenceDir))
    expect((await container.ip('link')).map(({ ifname }: { ifname: string }) => ifname)).toEqual(['lo'])
    expect(mentions(`${host.directory}/leases`, container.id)).not.toEqual([])
  }, 30_000)
})
