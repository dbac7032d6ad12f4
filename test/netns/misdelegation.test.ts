// Delegates that misbehave: their failure is told in their own words, and nothing is left.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { fakeDelegate, prints } from '../helpers/delegates.ts'
import { executable } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot } from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(requireRoot(), requireBuild(), requireKernel('bridge'))

const network = { cniVersion: '1.0.0', type: 'vethwork', name: 'web', bridge: 'br-web', isGateway: true }

const answer = { cniVersion: '1.1.0', ips: [{ address: '10.88.0.9/24' }] }
const newest = {
  ...network,
  cniVersion: '1.1.0',
  ipam: { type: 'fake', secret: 18446744073709551615n.toString() },
}

ready('delegates that misbehave', () => {
  /** What ADD does with a delegate like that, which verbs the delegate saw, and that nothing is left. */
  const refusal = async (verbs: Record<string, string>) => {
    const { host } = await open()
    const container = await host.container()
    const fake = fakeDelegate(`${host.directory}/fake`, verbs)
    const call = { config: newest, container, path: fake.path, binary: executable }
    const ran = await cni(host, {
      ...call,
      command: 'ADD',
      binary: (await import('../helpers/plugins.ts')).executable,
    })
    expect(await container.ip('link')).toHaveLength(1)
    expect(await host.ip('link')).toHaveLength(1)
    return { ...failed(ran), calls: fake.calls() }
  }

  const cases: Record<
    string,
    { verbs: Record<string, string>; code: number; says: RegExp; calls: string[] }
  > = {
    'its own error, code and all': {
      verbs: {
        ADD: `${prints({ cniVersion: '1.1.0', code: 142, msg: 'no address for you', details: 'ask Ann' })}\nexit 1`,
      },
      code: 142,
      says: /'fake', ADD: no address for you/,
      calls: ['ADD', 'DEL'],
    },
    'a failure without words': {
      verbs: { ADD: 'exit 3' },
      code: 100,
      says: /'fake', ADD: it ended with 3/,
      calls: ['ADD', 'DEL'],
    },
    'a failure on stderr': {
      verbs: { ADD: 'echo ouch >&2; exit 1' },
      code: 100,
      says: /'fake', ADD: ouch/,
      calls: ['ADD', 'DEL'],
    },
    'an error whose code is none': {
      verbs: { ADD: `${prints({ code: 'E7', msg: 7 })}\nexit 1` },
      code: 100,
      says: /'fake', ADD: 7/,
      calls: ['ADD', 'DEL'],
    },
    'death by a signal': { verbs: { ADD: 'kill -9 $$' }, code: 100, says: /fake/, calls: ['ADD', 'DEL'] },
    'garbage on stdout': { verbs: { ADD: 'echo hello' }, code: 6, says: /'fake'/, calls: ['ADD', 'DEL'] },
    'nothing on stdout': { verbs: { ADD: 'exit 0' }, code: 6, says: /'fake'/, calls: ['ADD', 'DEL'] },
    'a list': { verbs: { ADD: prints([answer]) }, code: 6, says: /'fake'/, calls: ['ADD', 'DEL'] },
    'no addresses': {
      verbs: { ADD: prints({ cniVersion: '1.1.0' }) },
      code: 6,
      says: /'fake' gave no address/,
      calls: ['ADD', 'DEL'],
    },
    'addresses that are none': {
      verbs: { ADD: prints({ ...answer, ips: [{ address: 'here' }] }) },
      code: 6,
      says: /'fake': ips\[0\]\.address: "here"/,
      calls: ['ADD', 'DEL'],
    },
  }
  for (const [name, { verbs, code, says, calls }] of Object.entries(cases))
    test(name, async () => {
      expect(await refusal(verbs)).toMatchObject({ code, msg: expect.stringMatching(says), calls })
    }, 30_000)

  test('a plugin that is missing', async () => {
    const { host } = await open()
    const container = await host.container()
    const env = { CNI_PATH: `/nowhere:${host.directory}` }
    const ran = await cni(host, { command: 'ADD', config: newest, container, env })
    expect(failed(ran)).toMatchObject({
      code: 107,
      msg: expect.stringMatching(/ipam\.type: .*'fake'.*CNI_PATH.*\/nowhere/),
      details: expect.stringMatching(/vethwork-ipam/),
    })
  }, 30_000)

  test('a plugin that is no executable', async () => {
    const { host } = await open()
    const container = await host.container()
    mkdirSync(`${host.directory}/bin`)
    writeFileSync(`${host.directory}/bin/fake`, 'neither ELF nor script')
    chmodSync(`${host.directory}/bin/fake`, 0o755)
    const ran = await cni(host, {
      command: 'ADD',
      config: newest,
      container,
      env: { CNI_PATH: `${host.directory}/bin` },
    })
    expect(failed(ran).msg).toMatch(/fake/)
  }, 30_000)

  test('its release fails too: both are told, and the first one counts', async () => {
    const { host } = await open()
    const container = await host.container()
    await container.batch('link add eth0 type bridge')
    const fake = fakeDelegate(`${host.directory}/fake`, {
      ADD: prints(answer),
      DEL: 'echo stuck >&2; exit 1',
    })
    const ran = await cni(host, { command: 'ADD', config: newest, container, env: { CNI_PATH: fake.path } })
    expect(failed(ran)).toMatchObject({ code: 103, details: expect.stringMatching(/'fake', DEL: stuck/) })
  }, 30_000)

  test('DEL takes the cable away although the delegate fails, and says that it failed', async () => {
    const { host } = await open()
    const container = await host.container()
    const fake = fakeDelegate(`${host.directory}/fake`, {
      ADD: prints(answer),
      DEL: 'echo stuck >&2; exit 1',
    })
    const call = { config: newest, container, env: { CNI_PATH: fake.path } }
    succeeded(await cni(host, { ...call, command: 'ADD' }))
    expect(failed(await cni(host, { ...call, command: 'DEL' })).msg).toMatch(/'fake', DEL: stuck/)
    expect(await container.ip('link')).toHaveLength(1)
  }, 30_000)
})

ready('what a delegate gets', () => {
  test('the configuration as it came, and STATUS and GC if it knows 1.1.0', async () => {
    const { host } = await open()
    const container = await host.container()
    const fake = fakeDelegate(`${host.directory}/fake`, { ADD: prints(answer) })
    const text = JSON.stringify(newest).replace('"18446744073709551615"', '18446744073709551615')
    const call = { container, env: { CNI_PATH: fake.path } }
    succeeded(await cni(host, { ...call, command: 'ADD', config: text }))
    expect(fake.input()).toBe(text)
    succeeded(await cni(host, { ...call, command: 'STATUS', config: text }))
    const valid = { ...newest, 'cni.dev/valid-attachments': [] }
    succeeded(await cni(host, { ...call, command: 'GC', config: valid }))
    expect(JSON.parse(fake.input())).toEqual(valid)
    succeeded(await cni(host, { ...call, command: 'DEL', config: text }))
    // GC takes its lease away as well: the reference plugins would not.
    expect(fake.calls()).toEqual(['ADD', 'VERSION', 'STATUS', 'VERSION', 'DEL', 'GC', 'DEL'])
  }, 30_000)
})
