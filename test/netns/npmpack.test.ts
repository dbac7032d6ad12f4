// `npm pack` gives a package that works wherever Node is: installed without a network it shows its version, plans, and is a plugin.
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { type Host, testHost } from '../helpers/host.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { must, run } from '../helpers/run.ts'
import { succeeded } from '../helpers/scene.ts'
import { snapshot } from '../helpers/snapshot.ts'

const root = new URL('../../', import.meta.url).pathname
const config = { cniVersion: '1.1.0', name: 'web', type: 'vethwork', mode: 'nat', subnet: '10.22.0.0/24' }

const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('npm'),
  requireKernel('bridge'),
  requireTool('nft'),
)

ready('npm pack', () => {
  let directory: string
  let clone: string
  let app: string
  let tarball: string

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'vwt-npm-'))
    clone = join(directory, 'clone')
    app = join(directory, 'app')
    // package.json changes meanwhile: not here, where others read it.
    for (const name of [
      '.dev',
      '.npmrc',
      'cni',
      'ipam',
      'src',
      'test',
      'examples',
      'package.json',
      'package-lock.json',
      'tsconfig.json',
      'README.md',
      'CHANGELOG.md',
      'LICENSE',
    ])
      cpSync(root + name, join(clone, name), { recursive: true, preserveTimestamps: true })
    // Never stale: `npm ci` there would empty the real one through the link.
    utimesSync(join(clone, 'package-lock.json'), 0, 0)
    symlinkSync(`${root}node_modules`, join(clone, 'node_modules'))
    await must('npm', ['pack', '--pack-destination', directory], { cwd: clone, timeout: 120_000 })
    const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
    tarball = join(directory, `vethwork-${version}.tgz`)
    // Nothing is asked of any registry.
    await must('npm', ['install', '--offline', '--no-audit', '--no-fund', '--prefix', app, tarball], {
      cwd: directory,
      timeout: 120_000,
    })
  }, 240_000)
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  test('it is small, holds no sources, and leaves package.json as it was', async () => {
    expect(statSync(tarball).size).toBeLessThan(1_000_000)
    const { stdout } = await must('tar', ['-tzf', tarball])
    const files = stdout
      .trim()
      .split('\n')
      .map(file => file.replace('package/', ''))
    expect(files).toEqual(
      expect.arrayContaining([
        'package.json',
        'README.md',
        'LICENSE',
        'CHANGELOG.md',
        'examples/FIELDS.md',
        'dist/vethwork.8',
        'dist/vethwork.schema.json',
        'dist/node/main.js',
        'dist/node/vethwork.mjs',
      ]),
    )
    expect(files.filter(file => /\.ts$|node_modules|^test|dist\/vethwork$/.test(file))).toEqual([])
    expect(readFileSync(join(clone, 'package.json'), 'utf8')).toBe(
      readFileSync(`${root}package.json`, 'utf8'),
    )
  })

  test('it needs no other package', () => {
    const { dependencies, optionalDependencies, scripts, bin } = JSON.parse(
      readFileSync(join(app, 'node_modules/vethwork/package.json'), 'utf8'),
    )
    expect({ dependencies, optionalDependencies, scripts }).toEqual({})
    expect(bin).toEqual({ vethwork: 'dist/node/vethwork.mjs' })
  })

  const npx = (args: string[], input?: string) =>
    run('npx', ['--offline', 'vethwork', ...args], { cwd: app, input, env: { CNI_COMMAND: undefined } })

  test('npx vethwork --version, conf check', async () => {
    const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
    expect(await npx(['--version'])).toMatchObject({ exitCode: 0, stdout: `${version}\n` })
    const wrong = await npx(['conf', 'check'], '{ "name": "web", "type": "vethwork", "mod": "nat" }')
    expect(wrong).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/stdin:1:\d+: error: mod: .*did you mean 'mode'/),
    })
  }, 60_000)

  test('an executable is not what it can install', async () => {
    const ran = await npx(['install', '--root', directory])
    expect(ran).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/no executable to install[\s\S]*npm run build/),
    })
    expect(existsSync(join(directory, 'opt'))).toBe(false)
  }, 60_000)

  test('plan, ADD and DEL by Node: the container reaches its gateway, and nothing is left', async () => {
    const host: Host = await testHost()
    try {
      const container = await host.container()
      const binary = join(app, 'node_modules/.bin/vethwork')
      const call = { config, container, binary }
      await container.batch('link set lo up') // mode nat does, and leaves it so
      const before = await snapshot(container)
      const planned = await host.sh(binary, ['plan', 'add', '--netns', container.path], {
        input: JSON.stringify(config),
        env: { VETHWORK_STATE_DIR: host.stateDir },
      })
      expect(planned).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining('create the bridge br-web'),
      })
      const added = await cni(host, { command: 'ADD', ...call })
      succeeded(added)
      expect(added.json.ips).toMatchObject([{ address: '10.22.0.2/24', gateway: '10.22.0.1' }])
      await container.ok('ping', ['-c1', '-W5', '10.22.0.1'])
      succeeded(await cni(host, { command: 'DEL', ...call }))
      expect(await snapshot(container)).toEqual(before)
    } finally {
      await host.dispose()
    }
  }, 90_000)

  test('where an executable was built, it is used: whole, with its name, status and signals', async () => {
    const built = join(app, 'node_modules/vethwork/dist/vethwork')
    writeFileSync(built, '#!/bin/sh\necho "it is $1"\nexit 7\n', { mode: 0o755 })
    expect(await npx(['me'])).toMatchObject({ exitCode: 7, stdout: 'it is me\n' })
    rmSync(built)
  }, 60_000)
})
