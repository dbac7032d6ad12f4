// It runs as root, in any directory, with whatever its caller has left open: nothing that lies about changes what it does.
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { type Call, cni, type Place } from '../helpers/cni.ts'
import { fakeDelegate, prints } from '../helpers/delegates.ts'
import { type Container, type Host, testHost } from '../helpers/host.ts'
import { executable, pluginsUnderTest } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, succeeded } from '../helpers/scene.ts'
import { mentions } from '../helpers/snapshot.ts'
import { surrounded, without } from '../helpers/surroundings.ts'

let host: Host
let container: Container
/** Written by whatever foreign code has run. */
let canary: string
beforeAll(async () => {
  host = await testHost()
  canary = join(host.directory, 'foreign-code-has-run')
}, 30_000)
beforeEach(async () => {
  container = await host.container()
}, 30_000)
afterAll(async () => {
  await host?.dispose()
}, 30_000)

const config = {
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: 'web',
  mode: 'nat',
  ipam: { type: 'vethwork-ipam', subnet: '10.44.0.0/24' },
}

/** A whole life: what ADD prints, that CHECK agrees, that state is where it belongs, that DEL leaves nothing. */
const lives = async (place: Place, more: Partial<Call> = {}) => {
  const call = { config, container, ...more }
  const added = await cni(place, { ...call, command: 'ADD' })
  succeeded(added)
  expect(added.json.ips[0].address).toMatch(/^10\.44\.0\.\d+\/24$/)
  expect(added.stderr).toBe('')
  succeeded(await cni(place, { ...call, command: 'CHECK', prevResult: added.json }))
  expect(mentions(host.stateDir, container.id)).toHaveLength(3)
  succeeded(await cni(place, { ...call, command: 'DEL' }))
  expect(mentions(host.stateDir, container.id)).toEqual([])
  expect(await container.ip('link')).toHaveLength(1)
  expect(existsSync(canary)).toBe(false)
}

const evil = () => `require('node:fs').writeFileSync(${JSON.stringify(canary)}, process.argv0)\n`

/** A directory full of what Bun, Node and npm take for theirs. */
const trap = () => {
  const directory = join(host.directory, 'trap')
  const wrong = [
    'CNI_COMMAND=VERSION',
    'PATH=/nowhere',
    'VETHWORK_STATE_DIR=/nowhere',
    'NODE_OPTIONS=-r ./evil.js',
  ]
  const env = `${[...wrong, 'BUN_OPTIONS=--preload=./evil.js', 'BUN_BE_BUN=1'].join('\n')}\n`
  const files: Record<string, string> = {
    'evil.js': evil(),
    '.env': env,
    '.env.local': env,
    '.env.production': env,
    '.env.test': env,
    'bunfig.toml':
      'preload = ["./evil.js"]\n[run]\npreload = ["./evil.js"]\n[test]\npreload = ["./evil.js"]\n',
    '.bunfig.toml': 'preload = ["./evil.js"]\n',
    'package.json': '{"name": "x", "type": "commonjs", "main": "evil.js", "imports": {"execa": "./evil.js"}}',
    'tsconfig.json': '{"compilerOptions": {"paths": {"*": ["./evil.js"]}, "baseUrl": "."}}',
    'jsconfig.json': '{"compilerOptions": {"paths": {"*": ["./evil.js"]}, "baseUrl": "."}}',
    '.npmrc': 'node-options=-r ./evil.js\n',
  }
  for (const name of ['execa', 'lowdb', 'ipaddr.js', 'valibot', 'yargs', 'bun:ffi'])
    files[`node_modules/${name}/index.js`] = evil()
  for (const name of ['ip', 'nft', 'nsenter', 'bun', 'node']) files[name] = `#!/bin/sh\ntouch ${canary}\n`
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), text, { mode: 0o755 })
  }
  return directory
}

const ready = given(requireRoot(), requireBuild(), requireTool('nft'), requireKernel('bridge'))

ready('a hostile directory', () => {
  test('the trap would work: Bun itself falls into it', async () => {
    const own = new URL('../../node_modules/@oven/', import.meta.url).pathname
    const machine = { x64: 'x64', arm64: 'aarch64' }[process.arch as 'x64' | 'arm64']
    const bun = `${own}bun-linux-${machine}/bin/bun`
    await host.sh('sh', ['-c', `cd ${trap()} && echo 0 >zero.ts && exec ${bun} zero.ts`])
    expect(existsSync(canary)).toBe(true)
    await host.ok('rm', [canary])
  }, 30_000)

  for (const NODE_ENV of [undefined, 'test', 'production', 'development'])
    test(`NODE_ENV=${NODE_ENV}`, async () => {
      await lives(surrounded(host, `cd ${trap()}`), { env: { NODE_ENV, HOME: join(host.directory, 'trap') } })
    }, 30_000)

  test('as home and configuration directory', async () => {
    const here = trap()
    await lives(host, { env: { HOME: here, XDG_CONFIG_HOME: here, BUN_INSTALL: here, TMPDIR: here } })
  }, 30_000)

  test('a program that is not installed is not run from there', async () => {
    const place = surrounded(host, `${without('nft')}\ncd ${trap()}`)
    const ran = await cni(place, { command: 'ADD', config: { ...config, name: 'other' }, container })
    expect(failed(ran)).toMatchObject({ code: 107, msg: "'nft' is not installed" })
    expect(existsSync(canary)).toBe(false)
  }, 30_000)

  test('the command line, too', async () => {
    const { stdout } = await host.sh('sh', ['-c', `cd ${trap()} && exec ${executable} --version`])
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(existsSync(canary)).toBe(false)
  }, 30_000)
})

ready('the environment', () => {
  const harmless: Record<string, string | undefined> = {
    NODE_OPTIONS: '--require=EVIL',
    BUN_INSPECT_PRELOAD: 'EVIL',
    BUN_INSPECT: 'ws://localhost:1/x',
    BUN_INSPECT_CONNECT_TO: 'unix:///nowhere',
    BUN_CONFIG_PRELOAD: 'EVIL',
    BUN_PRELOAD: 'EVIL',
    NODE_PATH: '/nowhere',
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: '/nowhere',
    HOME: undefined,
    PATH: undefined,
    LANG: 'tr_TR.UTF-8',
    LC_ALL: 'de_DE.UTF-8',
    COLUMNS: '1',
    IFS: '0',
    POSIXLY_CORRECT: '1',
  }
  for (const [name, value] of Object.entries(harmless))
    test(`${name}${value === undefined ? ' unset' : `=${value}`}`, async () => {
      const preload = join(trap(), 'evil.js')
      // nsenter, which leads into the host, needs a PATH to be found; the plugin does not.
      const place = surrounded(host, value === undefined ? `unset ${name}` : 'true')
      const env = value === undefined ? {} : { [name]: value.replace('EVIL', preload) }
      await lives(place, { env })
    }, 30_000)

  for (const PATH of ['', '/nowhere', ':', '.'])
    test(`PATH='${PATH}', in a directory full of traps`, async () => {
      await lives(surrounded(host, `cd ${trap()}\nexport PATH='${PATH}'`))
    }, 30_000)

  test('what Bun obeys a CNI call does not; on the command line it is the environment of root itself', async () => {
    const preload = join(trap(), 'evil.js')
    const options = { BUN_OPTIONS: `--preload=${preload}` }
    const asBun = { BUN_BE_BUN: '1' }
    for (const env of [options, asBun]) await lives(host, { env })
    // As LD_PRELOAD, and for the same reason no hole; known, so that nobody is surprised.
    expect((await host.sh(executable, ['--help'], { env: asBun })).stdout).toMatch(
      /Bun is a fast JavaScript runtime/,
    )
    await host.sh(executable, ['--version'], { env: options })
    expect(existsSync(canary)).toBe(true)
    await host.ok('rm', [canary])
  }, 30_000)

  test("tools get the caller's environment, a PATH that leads to them, and English", async () => {
    const fake = fakeDelegate(join(host.directory, 'env'), {
      ADD: `env >${host.directory}/seen\n${prints({ cniVersion: '1.1.0', ips: [{ address: '10.44.0.9/24' }] })}`,
    })
    const call = { config: { ...config, ipam: { type: 'fake' } }, container, args: 'IgnoreUnknown=1;A=B' }
    const env = { CNI_PATH: fake.path, LC_ALL: 'de_DE.UTF-8', FOO: 'bar' }
    succeeded(await cni(host, { ...call, env, command: 'ADD' }))
    const seen = readFileSync(join(host.directory, 'seen'), 'utf8').split('\n')
    expect(seen).toEqual(
      expect.arrayContaining([
        'CNI_COMMAND=ADD',
        `CNI_CONTAINERID=${container.id}`,
        `CNI_NETNS=${container.path}`,
        'CNI_IFNAME=eth0',
        'CNI_ARGS=IgnoreUnknown=1;A=B',
        `CNI_PATH=${fake.path}`,
        'FOO=bar',
        'LC_ALL=C',
      ]),
    )
    succeeded(await cni(host, { ...call, env, command: 'DEL' }))
  }, 30_000)
})

ready('streams', () => {
  const deaf: Readonly<Record<string, string>> = {
    'no stderr': 'exec 2>&-',
    'a stderr that is full': 'exec 2>/dev/full',
    'a stderr to which nobody listens': 'exec 2> >(exec true); sleep 0.1',
    'no stderr, and descriptors that are left open': 'exec 2>&- 7</etc/passwd 9>/dev/null',
  }
  for (const [name, script] of Object.entries(deaf))
    test(`${name}: what is said there is lost, nothing else`, async () => {
      // It warns: there can be no log in a directory.
      const place = surrounded(host, `exec bash -c '${script}; exec "$@"' bash "$@"`)
      const call = { config: { ...config, logFile: '/tmp' }, container }
      const added = await cni(place, { ...call, command: 'ADD' })
      succeeded(added)
      succeeded(await cni(place, { ...call, command: 'DEL' }))
      expect(await container.ip('link')).toHaveLength(1)
    }, 30_000)

  test('stdout and stderr closed: it is done all the same, and no file is taken for one of them', async () => {
    const place = surrounded(host, `exec bash -c 'exec >&- 2>&-; exec "$@"' bash "$@"`)
    expect((await cni(place, { command: 'ADD', config, container })).exitCode).toBe(0)
    expect(await container.ip('link')).toHaveLength(2)
    succeeded(await cni(host, { command: 'DEL', config, container }))
  }, 30_000)

  test.each([
    ['a number as of C', '{"cniVersion": "1.1.0", "name": "web", "type": "vethwork", "mtu": 1400.}'],
    ['an escape as of JavaScript', '{"cniVersion": "1.1.0", "name": "w\\x65b", "type": "vethwork"}'],
    ['brackets a million deep', `{"cniVersion": "1.1.0", "name": "web", "a": ${'['.repeat(1e6)}`],
  ])('%s is no JSON', async (_, text) => {
    const place = surrounded(host, 'ulimit -s 2048')
    const ran = await cni(place, { command: 'ADD', config: text, container })
    expect(failed(ran).code).toBe(6)
  })

  test('a zero byte in a path is refused, not taken for its end', async () => {
    const ipam = { ...config.ipam, dataDir: `${host.directory}/a\0b` }
    expect(failed(await cni(host, { command: 'ADD', config: { ...config, ipam }, container })).msg).toContain(
      host.directory,
    )
    expect(existsSync(`${host.directory}/a`)).toBe(false)
  })
})

ready('its name', () => {
  test('a symbolic link, a chain of them, a relative path, by PATH', async () => {
    const bin = pluginsUnderTest(join(host.directory, 'bin'))
    symlinkSync('bridge', join(bin, 'bridge2'))
    mkdirSync(join(host.directory, 'more'))
    symlinkSync(join(bin, 'bridge'), join(host.directory, 'more/bridge'))
    const lenient = { ...config, fieldOfTomorrow: 1 }
    const strict = async (place: Place, binary: string, unknown: number) => {
      const ran = await cni(place, { command: 'ADD', config: lenient, container, binary })
      if (unknown) return expect(failed(ran).code).toBe(unknown)
      succeeded(ran)
      succeeded(await cni(place, { command: 'DEL', config: lenient, container, binary }))
    }
    await strict(host, join(bin, 'bridge'), 0)
    await strict(host, join(host.directory, 'more/bridge'), 0) // a link to a link
    await strict(surrounded(host, `cd ${bin}`), './bridge', 0)
    await strict(surrounded(host, `cd ${bin}/..`), 'bin/../bin/bridge', 0)
    await strict(surrounded(host, `export PATH=${bin}:$PATH`), 'bridge', 0)
    await strict(host, join(bin, 'vethwork'), 2)
    await strict(host, join(bin, 'bridge2'), 2) // a name that it does not know
  }, 60_000)
})
