// vethwork events: what happens is told, one line each; it ends when it is asked to, or nobody listens.

import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from '@jest/globals'
import { cliEnv, said } from '../helpers/cli.ts'
import type { Host } from '../helpers/host.ts'
import { configOf } from '../helpers/modes.ts'
import { executable } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(requireRoot(), requireBuild(), requireTool('nft'), requireKernel('bridge'))

type Told = Record<string, unknown>

let running: ChildProcess[] = []
afterEach(() => {
  for (const one of running) one.kill('SIGKILL')
  running = []
})

/** Follows the events of a host; when this returns, it looks. */
const following = async (host: Host) => {
  const child = spawn('nsenter', [`--net=${host.path}`, '--', executable, 'events', '--json'], {
    env: { ...process.env, ...cliEnv(host) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.push(child)
  const ended = new Promise<number | null>(resolve => child.on('exit', resolve))
  const lines: Told[] = []
  let rest = ''
  child.stdout.on('data', chunk => {
    const parts = `${rest}${chunk}`.split('\n')
    rest = parts.pop()!
    lines.push(...parts.map(part => JSON.parse(part)))
  })
  const heard = async (wanted: Told, count = 1) => {
    const isWanted = (line: Told) => Object.entries(wanted).every(([key, value]) => line[key] === value)
    for (const deadline = Date.now() + 15_000; Date.now() < deadline; await sleep(20))
      if (lines.filter(isWanted).length >= count) return lines.find(isWanted)
    throw new Error(`${JSON.stringify(wanted)} was not told, but ${JSON.stringify(lines)}`)
  }
  // Something harmless, until it is told.
  for (let n = 0; !lines.length; n++) {
    await host.ok('sysctl', ['-qw', `net.ipv6.conf.all.forwarding=${n % 2}`])
    await sleep(700)
  }
  await sleep(700)
  return { child, ended, lines, heard }
}

/** The monitors of its own, in the host's namespace. */
const monitors = async (host: Host) =>
  (
    await host.sh('sh', [
      '-c',
      'ip netns pids "$1" | xargs -r -n1 sh -c \'tr "\\0" " " </proc/$0/cmdline; echo\'',
      'sh',
      host.name,
    ])
  ).stdout
    .split('\n')
    .filter(line => / monitor/.test(line))

ready('events', () => {
  test('ADD, what others do, what repair does, and DEL; SIGINT ends it, with its monitors', async () => {
    const { host, add, del } = await open()
    const container = await host.container()
    const config = configOf('nat', 'v4')
    const { child, ended, lines, heard } = await following(host)
    const who = { network: 'web.net-1', containerId: container.id, ifname: 'eth0' }

    await add(container, config)
    expect(await heard({ event: 'ADD', ...who })).toMatchObject({
      addresses: ['10.44.0.2/24'],
      time: expect.any(String),
    })
    await heard({ event: 'MADE', what: 'the bridge br-web.net-1' })

    await host.batch('link set br-web.net-1 mtu 1400')
    await heard({ event: 'CHANGED', what: 'br-web.net-1, MTU', to: '1400', byOthers: true })
    await host.ok('nft', ['delete', 'table', 'inet', 'vethwork'])
    await heard({
      event: 'REMOVED',
      what: 'the nft chain masquerade/web.net-1 in inet vethwork',
      byOthers: true,
    })
    await host.batch(`link del ${(await host.ip('link show type veth'))[0].ifname}`)
    await heard({ event: 'STATE', ...who, from: 'alive', to: 'unplugged' })

    await said(host, 'repair')
    await heard({ event: 'STATE', ...who, from: 'unplugged', to: 'alive' })
    await heard({ event: 'MADE', what: 'the nft chain masquerade/web.net-1 in inet vethwork' })

    await del(container, config)
    await heard({ event: 'DEL', ...who })
    expect(lines.filter(({ event }) => event === 'ADD' || event === 'DEL')).toHaveLength(2)

    expect(await monitors(host)).toHaveLength(2)
    child.kill('SIGINT')
    expect(await ended).toBe(0)
    for (const deadline = Date.now() + 5000; (await monitors(host)).length && Date.now() < deadline; )
      await sleep(50)
    expect(await monitors(host)).toEqual([])
  }, 120_000)

  test('nobody listens any more: it ends, without a word', async () => {
    const { host, add } = await open()
    const { child, ended } = await following(host)
    child.stdout!.destroy()
    await add(await host.container(), configOf('nat', 'v4'))
    expect(await ended).toBe(0)
  }, 60_000)
})
