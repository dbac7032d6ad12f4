// The Debian package: put into a directory that stands for a machine, it runs from there; removed, it leaves networks alone.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { testHost } from '../helpers/host.ts'
import { executable } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { must, run } from '../helpers/run.ts'
import { succeeded } from '../helpers/scene.ts'

const source = new URL('../../', import.meta.url).pathname
const config = { cniVersion: '1.1.0', name: 'web', type: 'vethwork', mode: 'nat', subnet: '10.22.0.0/24' }

const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('dpkg-deb'),
  requireTool('nft'),
  requireKernel('bridge'),
)

ready('the Debian package', () => {
  let directory: string
  let deb: string
  let machine: string
  /** dpkg with a database of its own; what Debian's packages bring is not there. */
  const dpkg = (...args: string[]) =>
    must('dpkg', [`--root=${machine}`, '--force-depends', '--no-triggers', ...args], { timeout: 60_000 })

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'vwt-deb-'))
    machine = join(directory, 'machine')
    for (const name of ['updates', 'info', 'triggers'])
      mkdirSync(join(machine, 'var/lib/dpkg', name), { recursive: true })
    for (const name of ['status', 'available']) writeFileSync(join(machine, 'var/lib/dpkg', name), '')
    const { stdout } = await must(process.execPath, [`${source}.dev/deb.mjs`, directory, 'none'], {
      timeout: 120_000,
    })
    deb = join(directory, readdirSync(directory).find(name => name.endsWith('.deb'))!)
    expect(stdout).toBe(`built ${deb}\n`)
    await dpkg('--install', deb)
  }, 180_000)
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  const read = (path: string) => readFileSync(join(machine, path))

  test('what it needs, and that it has no scripts', async () => {
    const { version } = JSON.parse(readFileSync(`${source}package.json`, 'utf8'))
    const { stdout } = await must('dpkg-deb', ['--field', deb])
    expect(stdout).toMatch(new RegExp(`^Version: ${version}$`, 'm'))
    expect(stdout).toMatch(/^Depends: libc6 \(>= 2\.\d+\), iproute2, nftables$/m)
    expect(stdout).toMatch(/^Recommends: conntrack, ethtool$/m)
    const { stdout: listed } = await must('dpkg-deb', ['--ctrl-tarfile', deb])
    expect(listed).not.toMatch(/\.\/(pre|post)(inst|rm)/)
    expect(await must('dpkg', [`--root=${machine}`, '--verify', 'vethwork'])).toMatchObject({ stdout: '' })
  }, 30_000)

  test('files are where Debian has them, and belong to root', async () => {
    expect(readlinkSync(join(machine, 'usr/bin/vethwork'))).toBe('../lib/cni/vethwork')
    expect(readlinkSync(join(machine, 'usr/lib/cni/vethwork-ipam'))).toBe('vethwork')
    // strip(1) would cut the program off its end.
    expect(read('usr/lib/cni/vethwork').equals(readFileSync(executable))).toBe(true)
    expect(gunzipSync(read('usr/share/man/man8/vethwork.8.gz')).toString()).toMatch(/^\.TH VETHWORK 8/)
    expect(gunzipSync(read('usr/share/doc/vethwork/changelog.gz')).toString()).toMatch(
      /^vethwork \(.*\n\n {2}\* /,
    )
    expect(read('usr/share/bash-completion/completions/vethwork').toString()).toMatch(
      /^complete .* vethwork$/m,
    )
    expect(read('usr/share/zsh/vendor-completions/_vethwork').toString()).toMatch(/^#compdef vethwork\n/)
    expect(JSON.parse(read('usr/share/vethwork/vethwork.schema.json').toString()).title).toMatch(/vethwork/)
    expect(read('usr/share/doc/vethwork/copyright').toString()).toMatch(/^License: Apache-2\.0$/m)
    expect(existsSync(join(machine, 'opt'))).toBe(false)
    const { stdout } = await must('dpkg-deb', ['--contents', deb])
    expect(
      stdout.split('\n').filter(line => line && !/^[-dl]rw[-x]r[-w][-x]r[-w][-x] root\/root /.test(line)),
    ).toEqual([])
  }, 30_000)

  test('its plugin adds a container; removed, the container stays as it is', async () => {
    const host = await testHost()
    try {
      const container = await host.container()
      const call = { config, container, path: join(machine, 'usr/lib/cni') }
      succeeded(await cni(host, { command: 'ADD', ...call }))
      const ps = await host.sh(join(machine, 'usr/bin/vethwork'), ['ps'], {
        env: { VETHWORK_STATE_DIR: host.stateDir },
      })
      expect(ps).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('alive') })
      await dpkg('--install', deb) // as an upgrade does
      await dpkg('--remove', 'vethwork')
      expect(existsSync(join(machine, 'usr/lib/cni/vethwork'))).toBe(false)
      await container.ok('ping', ['-c1', '-W5', '10.22.0.1'])
      succeeded(await cni(host, { command: 'DEL', config, container, binary: executable }))
      expect((await run('dpkg', [`--root=${machine}`, '--status', 'vethwork'])).exitCode).toBe(1)
    } finally {
      await host.dispose()
    }
  }, 120_000)
})
