// vethwork trace through firewalld's rules: zones, verdict maps, chains of chains.

import { existsSync } from 'node:fs'
import { afterEach, describe, expect, test } from '@jest/globals'
import { firewalld } from '../helpers/firewalld.ts'
import { type Machine, testMachine } from '../helpers/machine.ts'
import { configOf } from '../helpers/modes.ts'
import { netnsAt } from '../helpers/netns.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { runtime } from '../helpers/runtime.ts'
import { succeeded } from '../helpers/scene.ts'

const machines: Machine[] = []
afterEach(async () => {
  await Promise.all(machines.splice(0).map(machine => machine.dispose()))
}, 60_000)

const needs = [
  requireRoot(),
  requireBuild(),
  requireTool('firewalld'),
  requireTool('dbus-daemon'),
  requireKernel('bridge'),
]
// Where systemd runs it is not installed for a test's sake: it would be that machine's firewall from then on.
const ready = existsSync('/run/systemd/system') && needs[2] ? describe.skip : given(...needs)
const binary = '/opt/cni/bin/vethwork'

ready('trace through firewalld', () => {
  test('a bridge in its zone: delivered; out of it: dropped there, and what it says to type heals', async () => {
    const machine = await testMachine()
    machines.push(machine)
    await machine.outside()
    await firewalld(machine)
    await machine.ok('ip', ['netns', 'add', 'one'])
    const container = { ...netnsAt('one', '/run/netns/one'), id: 'one' }
    succeeded(await runtime(machine, { binary }).add(container, configOf('nat', 'dual')))
    const pings = async () =>
      (await machine.sh('nsenter', ['--net=/run/netns/one', 'ping', '-nc1', '-W2', '198.51.100.2']))
        .exitCode === 0
    const asked = async (...flags: string[]) => {
      const { exitCode, stdout, stderr } = await machine.sh(binary, [
        'trace',
        'one',
        '198.51.100.2',
        ...flags,
      ])
      return { exitCode, verdict: stdout.trim().split('\n').at(-1) ?? '', all: stdout + stderr }
    }
    expect(await pings()).toBe(true)
    expect(await asked('--live')).toMatchObject({
      exitCode: 0,
      verdict: expect.stringMatching(/answered after/),
    })
    await machine.ok('firewall-cmd', ['--zone=trusted', '--remove-interface=br-web.net-1'])
    expect(await pings()).toBe(false)
    const { exitCode, verdict } = await asked()
    expect({ exitCode, verdict }).toEqual({
      exitCode: 1,
      verdict: expect.stringMatching(
        /^dropped at rule \d+ of the chain 'inet firewalld \S+' because .*: firewalld does not know br-web\.net-1; do: firewall-cmd /,
      ),
    })
    expect((await asked('--live')).verdict).toMatch(/a real packet: dropped at inet firewalld/)
    await machine.ok('sh', ['-ec', verdict.replace(/.*; do: (firewall-cmd .*)$/, '$1')])
    expect(await pings()).toBe(true)
  }, 120_000)
})
