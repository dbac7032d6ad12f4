// vethwork conf and completion: what is asked on a terminal, what is said without one, what a shell offers.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { configurationSchema } from '../../cni/schema/jsonschema.ts'
import { cli, cliEnv, said } from '../helpers/cli.ts'
import { type Host, testHost } from '../helpers/host.ts'
import { executable } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { runtime } from '../helpers/runtime.ts'

let host: Host
beforeEach(async () => {
  host = await testHost()
}, 30_000)
afterEach(() => host?.dispose(), 60_000)

const ready = given(requireRoot(), requireBuild())

ready('conf check', () => {
  test('line and column on stdout, 1 for an error, 0 for none; from a file and from stdin', async () => {
    const file = `${host.directory}/web.conflist`
    writeFileSync(
      file,
      '{ "cniVersion": "1.1.0", "name": "web",\n  "plugins": [{ "type": "vethwork",\n    "mod": "nat" }] }',
    )
    const wrong = await cli(host, ['conf', 'check', file])
    expect(wrong).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/^\S+web\.conflist:3:5: error: plugins\[0\]\.mod: .*did you mean 'mode'/),
    })
    writeFileSync(file, readFileSync(file, 'utf8').replace('mod', 'mode').replace('"nat"', '"local"'))
    expect(await said(host, 'conf', 'check', file)).toBe(`${file}: ok\n`)
    expect(await cli(host, ['conf', 'check'], { input: '{ "name": "a",, }' })).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/^stdin:1:15: error: no JSON/),
    })
    expect(await cli(host, ['conf', 'check', '/nowhere/x.conf'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('/nowhere/x.conf'),
    })
  }, 30_000)
})

ready('conf new', () => {
  const flags = ['--name', 'web', '--mode', 'local', '--subnet', '10.22.0.0/24', '--plain']

  test('what it writes, ADD takes', async () => {
    const config = JSON.parse(await said(host, 'conf', 'new', ...flags))
    expect(config).toMatchObject({ name: 'web', type: 'vethwork', mode: 'local', subnet: '10.22.0.0/24' })
    expect(await runtime(host).add(await host.container(), config)).toMatchObject({ exitCode: 0 })
  }, 30_000)

  test('without a terminal it asks nobody: what is missing is named, all of it', async () => {
    expect(await cli(host, ['conf', 'new', '--mode', 'vlan'])).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/--name .*--subnet .*--master .*--vlanId/),
    })
    expect((await cli(host, ['conf', 'new', '--mode', 'nonsense'])).exitCode).toBe(2)
    expect(await cli(host, ['conf', 'new', ...flags, '--mtu', '5'])).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/mtu/),
    })
  }, 30_000)

  test('a file that is there is not overwritten, but with --force', async () => {
    const file = `${host.directory}/web.conf`
    writeFileSync(file, 'mine')
    expect((await cli(host, ['conf', 'new', ...flags, '-o', file])).exitCode).toBe(1)
    expect(readFileSync(file, 'utf8')).toBe('mine')
    expect((await cli(host, ['conf', 'new', ...flags, '-o', file, '--force'])).exitCode).toBe(0)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveProperty('mode', 'local')
  }, 30_000)

  given(requireTool('script'))('on a terminal', () => {
    test('it asks for what no flag says; a mode asks for its own', async () => {
      const file = `${host.directory}/blue.conflist`
      const answers = ['vlan', '10.1.0.0/24, fd00:1::/64', 'eth7', '100'].map(line => `${line}\n`).join('')
      const { stdout, exitCode } = await host.sh(
        'script',
        ['-qec', `${executable} conf new --name blue -o ${file}`, '/dev/null'],
        { env: cliEnv(host), input: answers },
      )
      expect(stdout).toMatch(/its mode[\s\S]*its subnets[\s\S]*leads out[\s\S]*VLAN ID/)
      expect(stdout).not.toMatch(/VNI, 1-|the network's name/)
      expect({ exitCode, there: existsSync(file) }).toEqual({ exitCode: 0, there: true })
      expect(JSON.parse(readFileSync(file, 'utf8')).plugins).toMatchObject([
        { mode: 'vlan', master: 'eth7', vlanId: 100, subnet: ['10.1.0.0/24', 'fd00:1::/64'] },
      ])
    }, 30_000)
  })
})

ready('conf schema', () => {
  test('the JSON Schema is that of the sources, and lies beside the executable', async () => {
    const schema = await said(host, 'conf', 'schema')
    expect(JSON.parse(schema)).toEqual(JSON.parse(JSON.stringify(configurationSchema())))
    expect(readFileSync(`${executable}.schema.json`, 'utf8')).toBe(schema)
  }, 30_000)
})

given(
  requireRoot(),
  requireBuild(),
  requireTool('bash'),
  requireKernel('bridge'),
)('completion', () => {
  /** What bash would offer for the last word. */
  const offered = async (...words: string[]) => {
    const script = `
      vethwork() { "$VETHWORK" "$@"; }
      source <(vethwork completion bash)
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=\${#COMP_LINE}
      _vethwork_yargs_completions; printf '%s\\n' "\${COMPREPLY[@]}"`
    const stdout = await host.ok('bash', ['-c', script, 'bash', 'vethwork', ...words], {
      env: { ...cliEnv(host), VETHWORK: executable },
    })
    return stdout.split('\n').filter(Boolean)
  }

  test('bash: commands, flags, their choices, and the names that are here', async () => {
    const container = await host.container()
    const config = {
      cniVersion: '1.1.0',
      type: 'vethwork',
      name: 'web',
      mode: 'local',
      subnet: '10.22.0.0/24',
    }
    expect(await runtime(host).add(container, config)).toMatchObject({ exitCode: 0 })
    expect(await offered('')).toEqual(expect.arrayContaining(['ps', 'ls', 'explain', 'repair', 'install']))
    expect(await offered('rep')).toEqual(['repair'])
    expect(await offered('repair', '--dr')).toEqual(['--dry-run'])
    expect(await offered('conf', '')).toEqual(['new', 'check', 'schema'])
    expect(await offered('explain', 'w')).toEqual(['web'])
    expect(await offered('explain', container.id.slice(0, 3))).toEqual([container.id.slice(0, 12)])
    expect(await offered('ps', container.id.slice(0, 3))).toEqual([])
  }, 30_000)

  test('zsh gets a script of its own', async () => {
    expect(await said(host, 'completion', 'zsh')).toMatch(/^#compdef vethwork\n/)
    expect(await said(host, 'completion', 'bash')).toMatch(
      /complete .*-F _vethwork_yargs_completions vethwork/,
    )
    expect((await cli(host, ['completion', 'fish'])).exitCode).toBe(2)
  }, 30_000)
})
