// Debian's firewalld, which rejects what comes by interfaces that it does not know: the network's bridge is put into
// its zone `trusted`, and again when it was loaded anew (pain 7).
import { existsSync } from 'node:fs'
import { afterEach, describe, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { firewalld } from '../helpers/firewalld.ts'
import { all, answers } from '../helpers/firewalls.ts'
import type { Container } from '../helpers/host.ts'
import { type Machine, testMachine } from '../helpers/machine.ts'
import { beyond, configOf, hostSeen } from '../helpers/modes.ts'
import { netnsAt } from '../helpers/netns.ts'
import { sourceSeenBy } from '../helpers/packets.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { runtime } from '../helpers/runtime.ts'
import { failed, succeeded } from '../helpers/scene.ts'

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
const config = configOf('nat', 'dual')
const bridge = 'br-web.net-1'
const far = Object.values(beyond)
const binary = '/opt/cni/bin/vethwork'

const opened = async () => {
  const machine = await testMachine()
  machines.push(machine)
  const outside = await machine.outside()
  const daemon = await firewalld(machine)
  const calls = runtime(machine, { binary })
  return { machine, outside, daemon, calls, container: (name: string) => containerOn(machine, name) }
}

/** The machine's /run is its own: so are the names of its namespaces. */
const containerOn = async (machine: Machine, name: string): Promise<Container> => {
  await machine.ok('ip', ['netns', 'add', name])
  const path = `/run/netns/${name}`
  const inside = (file: string, args: readonly string[] = []) => [`--net=${path}`, '--', file, ...args]
  return {
    ...netnsAt(name, path),
    id: name,
    sh: (file, args, options) => machine.sh('nsenter', inside(file, args), options),
    ok: (file, args, options) => machine.ok('nsenter', inside(file, args), options),
  }
}

ready('firewalld', () => {
  test('out and back; CHECK notices a reload, the next ADD mends; prune leaves no zone', async () => {
    const { machine, outside, daemon, calls, container } = await opened()
    const [one, two] = [await container('one'), await container('two')]
    const ran = await calls.add(one, config)
    succeeded(ran)
    expect(ran.stderr).toBe('')
    expect(await answers(one, far)).toEqual(all(far, true))
    expect(await sourceSeenBy(outside, one, beyond.v4)).toBe(hostSeen.v4)
    expect((await daemon.cmd('--zone=trusted', '--list-interfaces')).trim()).toBe(bridge)
    succeeded(await calls.check(one, config))

    await daemon.cmd('--reload')
    expect(await answers(one, far, 1)).toEqual(all(far, false))
    expect(failed(await calls.check(one, config)).msg).toContain(
      `put ${bridge} into firewalld's zone trusted`,
    )
    succeeded(await calls.add(two, config))
    expect(await answers(one, far)).toEqual(all(far, true))
    succeeded(await calls.check(one, config))

    for (const each of [one, two]) succeeded(await calls.del(each, config))
    await machine.ok(binary, ['prune'])
    expect((await daemon.cmd('--zone=trusted', '--list-interfaces')).trim()).toBe('')
  }, 60_000)

  test('a zone that somebody chose is left alone', async () => {
    const { daemon, calls, container } = await opened()
    await daemon.cmd('--zone=internal', `--add-interface=${bridge}`)
    const one = await container('one')
    succeeded(await calls.add(one, config))
    expect((await daemon.cmd(`--get-zone-of-interface=${bridge}`)).trim()).toBe('internal')
    succeeded(await calls.check(one, config))
  }, 60_000)

  test('its rules are there, itself is not: ADD warns, STATUS is 51', async () => {
    const { machine, daemon, calls, container } = await opened()
    succeeded(await cni(machine, { command: 'STATUS', config, binary }))
    await daemon.kill()
    const one = await container('one')
    const ran = await calls.add(one, config)
    succeeded(ran)
    expect(ran.stderr).toMatch(
      /firewalld does not know 'br-web.net-1': .*firewall-cmd --permanent --zone=trusted/,
    )
    expect(await answers(one, far, 1)).toEqual(all(far, false))
    expect(failed(await cni(machine, { command: 'STATUS', config, binary }))).toMatchObject({
      code: 51,
      msg: expect.stringContaining("firewalld does not know 'br-web.net-1'"),
    })
  }, 60_000)
})
