// What is refused, is refused with the right code and in words that help: field, value, reason, remedy; one JSON object
// on stdout, exit status 1, and nothing on the machine has changed.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { difference } from '../helpers/difference.ts'
import { type Container, type Host, testHost } from '../helpers/host.ts'
import { pluginsUnderTest } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, succeeded } from '../helpers/scene.ts'
import { snapshot } from '../helpers/snapshot.ts'
import { stateOf, surrounded } from '../helpers/surroundings.ts'
import { type Case, fields, good, isolation, pools } from './badinput-cases.ts'
import { ports } from './badinput-ports.ts'
import { rates } from './badinput-rates.ts'
import { inputs, machines } from './badinput-surroundings.ts'

let host: Host
let resident: Container
let guest: Container
let plugins: string

beforeAll(async () => {
  host = await testHost()
  plugins = pluginsUnderTest(`${host.directory}/bin`)
  const containers = await host.containers(2)
  resident = containers[0]!
  guest = containers[1]!
  await guest.batch('link set lo up') // mode nat does, and leaves it so
  succeeded(await cni(host, { command: 'ADD', config: good, container: resident, path: plugins }))
}, 60_000)
afterAll(async () => {
  await host?.dispose()
}, 60_000)

/** Host, containers and state. What is no lease but a hint may change: where to look next, whose leases are where. */
const everything = async () => ({
  host: await snapshot(host, host.stateDir),
  resident: await snapshot(resident),
  guest: await snapshot(guest),
})
const hints = /^. files: (\.lock|\w+\/(lock|pool\.json|owners\/))/

const changes = async (before: Awaited<ReturnType<typeof everything>>) => {
  const after = await everything()
  return (['host', 'resident', 'guest'] as const).flatMap(place =>
    difference(before[place], after[place], hints).map(line => `${place} ${line}`),
  )
}

const refused = async ({ before = [], after = [], ...one }: Case) => {
  if (before.length) await host.batch(...before)
  try {
    await expectRefusal(one)
  } finally {
    if (after.length) await host.batch(...after)
  }
}

const expectRefusal = async ({ config, call, surroundings, code, says, advises }: Case) => {
  const stdin = typeof config === 'string' ? config : { ...good, ...config }
  const was = await everything()
  const place = surroundings === undefined ? host : surrounded(host, surroundings)
  const ran = await cni(place, { command: 'ADD', container: guest, path: plugins, config: stdin, ...call })
  // Lest one that is not refused spoils all that come after it.
  if (ran.exitCode === 0)
    await cni(host, { command: 'DEL', container: guest, path: plugins, config: stdin, ...call })
  const { msg, details, ...rest } = failed(ran)
  expect({ msg, details, ...rest }).toEqual({
    cniVersion: expect.stringMatching(/^\d\.\d\.\d$/),
    code,
    msg: expect.stringMatching(says),
    details: expect.stringMatching(advises ?? /\w/),
  })
  expect(await changes(was)).toEqual([])
}

const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('iptables'),
  requireTool('setpriv'),
  requireKernel('bridge'),
  requireKernel('ifb'),
)

ready('refused', () => {
  const tables = { fields, isolation, ports, rates, pools, inputs, machines }
  for (const [title, table] of Object.entries(tables))
    describe(title, () => {
      for (const [name, one] of Object.entries(table)) test(name, () => refused(one), 30_000)
    })

  test('not: hostPort 0, which CRI sends for what is not published', async () => {
    const none = { hostPort: 0, containerPort: 80, protocol: 'tcp' }
    for (const portMappings of [
      [none],
      [{ HostPort: 0, ContainerPort: 53, Protocol: 'UDP', HostIP: '' }],
      null,
    ]) {
      const rules = await host.ok('nft', ['list', 'ruleset'])
      const config = { ...good, capabilities: { portMappings: true }, runtimeConfig: { portMappings } }
      const call = { container: guest, path: plugins, config }
      succeeded(await cni(host, { command: 'ADD', ...call }))
      expect(await host.ok('nft', ['list', 'ruleset'])).toBe(rules)
      succeeded(await cni(host, { command: 'DEL', ...call }))
    }
  }, 30_000)

  test('a pool that is exhausted', async () => {
    const small = { ...good, name: 'small', bridge: 'br-web', subnet: undefined }
    const ranges = [[{ subnet: '10.44.0.0/28', rangeStart: '10.44.0.5', rangeEnd: '10.44.0.5' }]]
    const config = { ...small, ipam: { ...good.ipam, ranges } }
    const lodger = await host.container()
    succeeded(await cni(host, { command: 'ADD', config, container: lodger, path: plugins }))
    await refused({ config, code: 101, says: /10\.44\.0\.5-10\.44\.0\.5/ })
    const status = await cni(host, { command: 'STATUS', config, path: plugins })
    expect(failed(status)).toMatchObject({
      code: 50,
      msg: expect.stringMatching(/10\.44\.0\.5-10\.44\.0\.5/),
    })
    succeeded(await cni(host, { command: 'DEL', config, container: lodger, path: plugins }))
  }, 30_000)

  test('the same attachment a second time', async () => {
    await refused({
      call: { container: resident },
      code: 4,
      says: /already has 10\.44\.0\.2 for eth0/,
      advises: /DEL/,
    })
  }, 30_000)

  test('a disk that fills up halfway: all of ADD or nothing', async () => {
    const seen = new Set<number>()
    for (let pages = 1; pages <= 8; pages++) {
      const was = await everything()
      const script = `${stateOf(16 * 4096, (16 - pages) * 4096)}\n"$@" || status=$?; ls -R "$VETHWORK_STATE_DIR" >&2; exit \${status:-0}`
      const config = { ...good, name: 'full', bridge: 'br-full' }
      const ran = await cni(surrounded(host, script), {
        command: 'ADD',
        config,
        container: guest,
        path: plugins,
      })
      seen.add(ran.exitCode)
      if (ran.exitCode === 0) {
        succeeded(await cni(host, { command: 'DEL', config, container: guest, path: plugins }))
        await host.batch('link del br-full')
        await host.ok('nft', ['delete chain inet vethwork masquerade/full'])
      } else {
        expect(failed(ran)).toMatchObject({ code: 5, msg: expect.stringMatching(/no space is left/) })
        expect(ran.stderr).not.toMatch(/\.tmp$/m)
      }
      expect(await changes(was)).toEqual([])
    }
    expect([...seen].sort()).toEqual([0, 1])
  }, 60_000)
})

ready('let pass', () => {
  const calm = { ...good, name: 'calm' }
  const lets: Record<string, { config: object; binary?: string }> = {
    "somebody else's domain": { config: { ...calm, 'example.com/x': { a: 1 }, 'a.b/c': null } },
    'null for what is not set': {
      config: {
        ...calm,
        dns: null,
        mtu: null,
        runtimeConfig: { ips: null, ipRanges: null, portMappings: null },
      },
    },
    'unknown fields under the name bridge': { config: { ...calm, qwertyuiop: 1 }, binary: 'bridge' },
    'unknown fields of ipam under the name bridge': {
      config: { ...calm, ipam: { ...good.ipam, qwertyuiop: 1 } },
      binary: 'bridge',
    },
  }
  for (const [name, { config, binary = 'vethwork' }] of Object.entries(lets))
    test(name, async () => {
      const call = { config, container: guest, path: plugins, binary: `${plugins}/${binary}` }
      succeeded(await cni(host, { ...call, command: 'ADD' }))
      succeeded(await cni(host, { ...call, command: 'DEL' }))
    }, 30_000)

  test('our own namespace, with CNI_NETNS_OVERRIDE', async () => {
    const config = { ...good, name: 'own', mode: undefined, ipam: {}, bridge: 'br-own' }
    const call = {
      config,
      container: guest,
      path: plugins,
      netns: '/proc/self/ns/net',
      ifname: 'own0',
      env: { CNI_NETNS_OVERRIDE: '1' },
    }
    succeeded(await cni(host, { ...call, command: 'ADD' }))
    expect(await host.ip('link show own0')).toHaveLength(1)
    succeeded(await cni(host, { ...call, command: 'DEL' }))
    expect((await host.sh('ip', ['link', 'show', 'own0'])).exitCode).toBe(1)
  }, 30_000)
})
