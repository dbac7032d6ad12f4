// podman 5 and its netavark, with the plugin as a network driver. Debian 12 has podman 4.3 and netavark 1.4, which know no
// plugins: the directory of newer ones stands in PODMAN5, and without one this is skipped (test/netns/netavark.test.ts is not).
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Machine, testMachine } from '../helpers/machine.ts'
import type { Netns } from '../helpers/netns.ts'
import { connect } from '../helpers/packets.ts'
import { busyboxImage } from './image.ts'
import { type Podman, podmanOn } from './podman.ts'

const directory = process.env.PODMAN5
if (!directory)
  process.stderr.write('\n*** SKIPPED TESTS, MISSING: podman 5, its directory in PODMAN5 ***\n\n')

const network = `network_backend = "netavark"
netavark_plugin_dirs = ["/opt/cni/bin"]`
// podman 5 takes NET_RAW away, which busybox's ping needs.
const containers = 'default_capabilities = ["NET_RAW", "NET_BIND_SERVICE"]'
const engine = `helper_binaries_dir = ["${directory}"]`

;(directory ? describe : describe.skip)('podman 5', () => {
  let machine: Machine
  let outside: Netns
  let client: Podman
  beforeAll(async () => {
    machine = await testMachine()
    outside = await machine.outside()
    const options = { program: `${directory}/podman`, network, engine, containers }
    client = await podmanOn(machine, await busyboxImage(machine.directory), options)
  }, 60_000)
  afterAll(() => machine?.dispose(), 60_000)

  /** What podman says, which must succeed. */
  const good = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await client.podman(...args)
    expect({ args, exitCode, stderr: exitCode ? stderr : '' }).toEqual({ args, exitCode: 0, stderr: '' })
    return stdout.trim()
  }
  const ps = async () => JSON.parse(await machine.ok('/opt/cni/bin/vethwork', ['ps', '--json']))

  test('network create fills in what was left open; a wrong option is told by name', async () => {
    await good('network', 'create', '-d', 'vethwork', '--ipv6', 'web')
    const [web] = JSON.parse(await good('network', 'inspect', 'web'))
    expect(web).toMatchObject({
      driver: 'vethwork',
      network_interface: 'br-web',
      subnets: [{ subnet: '10.89.0.0/24', gateway: '10.89.0.1' }, { subnet: expect.stringMatching(/^fd/) }],
      dns_enabled: false,
    })
    await good('network', 'create', '-d', 'vethwork', '--internal', 'back')
    const refused = await client.podman('network', 'create', '-d', 'vethwork', '-o', 'mtus=1400', 'x')
    expect(refused.exitCode).not.toBe(0)
    expect(refused.stderr).toContain("did you mean 'mtu'?")
  }, 60_000)

  test('run: addresses, a published port, a neighbour, the outside; rm leaves nothing', async () => {
    const mac = '92:d0:c6:0a:29:33'
    const one = await client.sleeper(
      'web',
      '--ip=10.89.0.77',
      `--mac-address=${mac}`,
      '-p',
      '8080:80',
      '--network-alias=one',
    )
    expect(one.address).toBe('10.89.0.77')
    await good('exec', '-d', one.id, 'sh', '-c', 'while :; do echo hello | nc -l -p 80; done')
    // Its server is there a moment later.
    let said: string | undefined
    for (let attempt = 0; attempt < 50 && said === undefined; attempt++) {
      said = await connect(outside, '198.51.100.1', 8080)
      if (said === undefined) await new Promise(resolve => setTimeout(resolve, 100))
    }
    expect(said).toBe('hello\n')
    expect(await ps()).toMatchObject([{ owner: { containerId: one.id }, mac, life: 'alive' }])
    const looks = 'ping -c1 -W5 10.89.0.77 && ping -c1 -W5 10.89.0.1 && ping -c1 -W5 198.51.100.2'
    expect(await client.run('web', 'sh', '-c', looks)).toMatchObject({ exitCode: 0 })
    // A second network, and off again.
    await good('network', 'connect', 'back', one.id)
    expect(await ps()).toHaveLength(2)
    expect(await good('exec', one.id, 'ip', '-o', 'addr', 'show', 'eth1')).toContain('10.89.1.')
    await good('network', 'disconnect', 'back', one.id)
    expect(await ps()).toHaveLength(1)
    // The ports of the first one are podman's own sockets until the network is set up again.
    await good('restart', '--time=0', one.id)
    expect(await ps()).toMatchObject([
      { mac, life: 'alive', addresses: [expect.stringMatching(/^10/), expect.stringMatching(/^fd/)] },
    ])
    expect(await client.remove(one.id)).toMatchObject({ exitCode: 0 })
    expect(await ps()).toEqual([])
    expect(await connect(outside, '198.51.100.1', 8080)).toBeUndefined()
    expect(await machine.ok('ip', ['-br', 'link', 'show', 'type', 'veth'])).not.toMatch(/veth\w{11}/)
  }, 120_000)

  test('internal: a neighbour, and nobody else', async () => {
    const one = await client.sleeper('back')
    const outward = 'ping -c1 -W1 198.51.100.2'
    const ran = await client.run('back', 'sh', '-c', `ping -c1 -W5 ${one.address} && ! ${outward}`)
    expect(ran).toMatchObject({ exitCode: 0 })
    expect(await client.remove(one.id)).toMatchObject({ exitCode: 0 })
  }, 60_000)
})
