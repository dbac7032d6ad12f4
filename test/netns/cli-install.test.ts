// vethwork install and uninstall: below a directory that stands for /, and nothing of it stays.

import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { cli, json } from '../helpers/cli.ts'
import { type Host, testHost } from '../helpers/host.ts'
import { configOf } from '../helpers/modes.ts'
import { executable } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot } from '../helpers/requirements.ts'
import { type Ran, run } from '../helpers/run.ts'
import { runtime } from '../helpers/runtime.ts'
import { filesBelow } from '../helpers/snapshot.ts'

const ready = given(requireRoot(), requireBuild())

let host: Host
let root: string
let bin: string
beforeEach(async () => {
  host = await testHost()
  root = `${host.directory}/root`
  bin = `${root}/opt/cni/bin`
  mkdirSync(root)
}, 30_000)
afterEach(() => host?.dispose(), 60_000)

const install = (...args: string[]) => json(host, 'install', '--root', root, ...args)
const uninstall = (...args: string[]) => json(host, 'uninstall', ...args)
const did = (done: { path: string; did: string }[]) =>
  Object.fromEntries(done.map(({ path, did }) => [path.slice(root.length), did]))
/** Runtimes, networkd and NetworkManager have these directories. */
const furnished = () => {
  mkdirSync(bin, { recursive: true })
  for (const one of ['/etc/systemd/network', '/etc/NetworkManager/conf.d', '/etc/cni/net.d'])
    mkdirSync(root + one, { recursive: true })
  writeFileSync(`${bin}/bridge`, 'the reference')
}

ready('install', () => {
  test('on a bare host: the executable alone, and it works; the second time nothing is done', async () => {
    expect(did(await install())).toEqual({ '/opt/cni/bin/vethwork': 'installed' })
    expect(statSync(`${bin}/vethwork`).mode & 0o777).toBe(0o755)
    expect(readFileSync(`${bin}/vethwork`).equals(readFileSync(executable))).toBe(true)
    const { stdout } = await run(`${bin}/vethwork`, [], { env: { CNI_COMMAND: 'VERSION' }, input: '{}' })
    expect(JSON.parse(stdout)).toHaveProperty('supportedVersions')
    const before = statSync(`${bin}/vethwork`)
    expect(did(await install())).toEqual({ '/opt/cni/bin/vethwork': 'unchanged' })
    expect(statSync(`${bin}/vethwork`)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs })
    expect(did(await uninstall())).toEqual({ '/opt/cni/bin/vethwork': 'removed' })
    expect(filesBelow(root)).toEqual({})
    expect(existsSync(`${root}/opt`)).toBe(false)
    expect(await uninstall()).toEqual([])
  }, 30_000)

  test('all of it, and back: what was there before is there again', async () => {
    furnished()
    const before = filesBelow(root)
    const args = [
      '--as',
      'bridge,host-local',
      '--as',
      'portmap',
      '--mode',
      'nat',
      '--name',
      'blue',
      '--subnet',
      '10.9.0.0/24',
    ]
    expect(did(await install('--dry-run', ...args))['/opt/cni/bin/bridge']).toBe('replaced')
    expect(filesBelow(root)).toEqual(before)
    expect(did(await install(...args))).toEqual({
      '/opt/cni/bin/vethwork': 'installed',
      '/opt/cni/bin/bridge': 'replaced',
      '/opt/cni/bin/host-local': 'installed',
      '/opt/cni/bin/portmap': 'installed',
      '/etc/systemd/network/69-vethwork.link': 'installed',
      '/etc/systemd/network/69-vethwork.network': 'installed',
      '/etc/NetworkManager/conf.d/69-vethwork.conf': 'installed',
      '/etc/cni/net.d/10-blue.conflist': 'installed',
    })
    expect(readlinkSync(`${bin}/bridge`)).toBe('vethwork')
    expect(readFileSync(`${root}/etc/systemd/network/69-vethwork.link`, 'utf8')).toMatch(
      /OriginalName=veth\?+ gre\?+ br-blue\n[\s\S]*MACAddressPolicy=none/,
    )
    expect(readFileSync(`${root}/etc/systemd/network/69-vethwork.network`, 'utf8')).toContain('Unmanaged=yes')
    expect(readFileSync(`${root}/etc/NetworkManager/conf.d/69-vethwork.conf`, 'utf8')).toMatch(
      /interface-name:br-blue\nmanaged=0/,
    )
    expect((await cli(host, ['conf', 'check', `${root}/etc/cni/net.d/10-blue.conflist`])).exitCode).toBe(0)
    expect(new Set(Object.values(did(await install(...args))))).toEqual(new Set(['unchanged']))

    const back = did(await uninstall())
    expect(back['/opt/cni/bin/bridge']).toBe('brought back')
    expect(filesBelow(root)).toEqual(before)
  }, 60_000)

  test('for podman 5: a link where netavark looks', async () => {
    const before = filesBelow(root)
    const link = '/usr/local/lib/netavark/vethwork'
    expect(did(await install('--netavark'))).toEqual({
      '/opt/cni/bin/vethwork': 'installed',
      [link]: 'installed',
    })
    expect(readlinkSync(root + link)).toBe('/opt/cni/bin/vethwork')
    expect(did(await install('--netavark', '--netavark-dir', '/usr/libexec/netavark'))).toMatchObject({
      '/usr/libexec/netavark/vethwork': 'installed',
    })
    expect((await cli(host, ['install', '--netavark', '--netavark-dir', 'lib'])).exitCode).toBe(1)
    await uninstall()
    expect(filesBelow(root)).toEqual(before)
  }, 30_000)

  test('what people edited is theirs: install leaves it, uninstall too', async () => {
    furnished()
    await install('--mode', 'nat')
    const file = `${root}/etc/cni/net.d/10-web.conflist`
    writeFileSync(file, '{ "mine": true }')
    expect(did(await install('--mode', 'nat'))['/etc/cni/net.d/10-web.conflist']).toBe('left')
    expect(did(await uninstall())['/etc/cni/net.d/10-web.conflist']).toBe('left')
    expect(readFileSync(file, 'utf8')).toBe('{ "mine": true }')
  }, 30_000)

  test('what somebody else put there is refused, or left, and nothing is done', async () => {
    furnished()
    writeFileSync(`${root}/etc/cni/net.d/10-web.conflist`, '{}')
    const before = filesBelow(root)
    const refused: [args: string[], says: RegExp][] = [
      [['--mode', 'nat'], /10-web.conflist is there already/],
      [['--as', 'calico'], /--as: calico is nothing that vethwork stands in for/],
      [['--as', '../../etc/passwd'], /is nothing that vethwork stands in for/],
      [['--mode', 'vlan'], /needs --master, --vlanId/],
      [['--mode', 'nat', '--name', 'a/b'], /name: "a\/b" is no name/],
      [['--bin-dir', 'opt/cni/bin'], /no absolute path/],
    ]
    for (const [args, says] of refused) {
      const { exitCode, stderr } = await cli(host, ['install', '--root', root, ...args])
      expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 1, stderr: expect.stringMatching(says) })
    }
    expect(filesBelow(root)).toEqual(before)
    // The same executable, put there by hand, stays by hand.
    writeFileSync(`${bin}/vethwork`, readFileSync(executable), { mode: 0o755 })
    expect(did(await install('--no-snippets'))).toEqual({ '/opt/cni/bin/vethwork': 'unchanged' })
    expect(await uninstall()).toEqual([])
    expect(existsSync(`${bin}/vethwork`)).toBe(true)
  }, 60_000)

  test('an executable that is started all the time is replaced, and each start works', async () => {
    mkdirSync(bin, { recursive: true })
    const path = `${bin}/vethwork`
    const other = () => {
      // No script: its interpreter would read what stands there a moment later.
      copyFileSync('/bin/true', `${path}.new`)
      renameSync(`${path}.new`, path)
    }
    other()
    let goesOn = true
    const started = [0, 1].map(async () => {
      const all: Ran[] = []
      while (goesOn) all.push(await run(path, [], { env: { CNI_COMMAND: 'VERSION' }, input: '{}' }))
      return all
    })
    for (let n = 0; n < 4; n++) {
      expect(did(await install('--no-snippets'))['/opt/cni/bin/vethwork']).toBe('replaced')
      if (n < 3) other()
    }
    goesOn = false
    const all = (await Promise.all(started)).flat()
    expect(all.length).toBeGreaterThan(10)
    expect(all.filter(({ exitCode }) => exitCode !== 0)).toEqual([])
    expect(did(await uninstall())['/opt/cni/bin/vethwork']).toBe('brought back')
    expect(readFileSync(path).equals(readFileSync('/bin/true'))).toBe(true)
  }, 60_000)
})

given(
  requireRoot(),
  requireBuild(),
  requireKernel('bridge'),
)('uninstall', () => {
  test('refuses while containers are attached, for nobody could take them away', async () => {
    await install()
    const container = await host.container()
    const { exitCode } = await runtime(host).add(container, configOf('nat', 'v4'))
    expect(exitCode).toBe(0)
    const refused = await cli(host, ['uninstall'])
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/1 attachments are there/) })
    expect(lstatSync(`${bin}/vethwork`).isFile()).toBe(true)
    await uninstall('--force')
    expect(existsSync(`${bin}/vethwork`)).toBe(false)
  }, 30_000)
})
