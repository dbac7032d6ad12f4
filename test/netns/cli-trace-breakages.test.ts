// Each way in which a network is broken by hand: `vethwork trace` says delivered before, and ends at it after.

import { dirname } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { type Breakage, breakages, type Way } from '../helpers/breakages.ts'
import { cli, cliEnv } from '../helpers/cli.ts'
import { atOnce } from '../helpers/crowd.ts'
import { type Place, passes } from '../helpers/places.ts'
import { executable } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('iptables-legacy'),
  requireKernel('bridge'),
  requireKernel('vxlan'),
)

/** Of each that stops packets: what the verdict must say. */
const ends: Readonly<Record<string, RegExp>> = {
  'the default route of a container is deleted':
    /^dropped at the routes of container \S+ because .*unreachable/,
  'its IPv6 default route is deleted': /^dropped at the routes of container/,
  'its address is removed': /^dropped at eth0 of container \S+ because it has not its address 10\.44\.0\.2/,
  'its IPv6 address is removed':
    /^dropped at eth0 of container \S+ because it has not its address fd00:44::2/,
  'its interface is down': /^dropped at eth0 of container \S+ because it is down/,
  'the host’s end of a cable is down': /^dropped at veth\w+ because the cable of container \S+ is down/,
  'it is unplugged from its bridge': /^dropped at veth\w+ because .*not plugged into/,
  'it is plugged into another bridge': /^dropped at veth\w+ because .*but into other0/,
  'the cable is gone': /^dropped at eth0 of container \S+ because it is gone/,
  'the bridge is down': /^dropped at br-\S+ because the bridge is down/,
  'the bridge is gone': /^dropped at veth\w+ because .*not plugged into br-/,
  'the gateway’s address is gone':
    /^dropped at the routes of host because the answer does not come back: .*10\.44\.0\.2 says: Network is unreachable/,
  'a wrong neighbour is told for ever':
    /^dropped at the neighbour entry 10\.44\.0\.2 of host because .*02:00:00:00:00:99/,
  'a wrong port is told for ever': /^dropped at the forwarding database of br-\S+ because .*wrong0/,
  'the host no longer forwards': /^dropped at net\.ipv4\.ip_forward/,
  'it no longer forwards IPv6': /^dropped at net\.ipv6\.conf\.all\.forwarding/,
  'somebody sets FORWARD to DROP':
    /^dropped at the policy of the chain '(ip filter|iptables-nft filter) FORWARD'/,
  'FORWARD ends with REJECT':
    /^dropped at '-A FORWARD -j REJECT.* of the chain 'iptables-legacy filter FORWARD'/,
  'somebody else’s chain drops what it does not know':
    /^dropped at the policy of the chain 'inet firewall onward'/,
  'a rule of somebody else drops the subnet': /^dropped at rule \d+ of the chain 'inet firewall onward'/,
  'a rule of iptables drops the subnet': /^dropped at .* of the chain '(ip|iptables-nft) filter FORWARD'/,
  'all rules are flushed': /^dropped at the masquerade of network/,
  'a chain of ours is emptied': /^dropped at the masquerade of network/,
  'masquerade by iptables is flushed': /^dropped at the masquerade of network/,
  'a published port leads nowhere': /^dropped at published port 8080\/tcp of container \S+ because no map/,
  'the VXLAN device is gone': /^dropped at vx5000/,
  'it is down': /^dropped at vx5000 because it is down/,
  'it is out of the bridge': /^dropped at vx5000 because it is no port/,
  'it is another one': /^dropped at vx5000/,
  'its cable is pulled': /^dropped at eth1 because .*carries nothing/,
}

const args = (place: Place, { from, to, port }: Way) => {
  const who = { one: place.one.id, two: place.two.id, outside: '198.51.100.2' }[from]
  return ['trace', who, port ? `${to}:${port}` : to]
}

const envOf = ({ host }: Place) => ({ VETHWORK_HOST_FILE: `${host.directory}/host.json` })

const said = async (place: Place, way: Way) => {
  const { exitCode, stdout, stderr } = await cli(place.host, args(place, way), { env: envOf(place) })
  return { exitCode, last: stdout.trim().split('\n').at(-1) ?? '', stdout, stderr }
}

/** What does not hold of one way to break a network; empty if all is well. */
const wrongs = async (name: string, { at, by, stops, healed }: Breakage): Promise<string[]> => {
  const place = await at(open)
  const way = stops!
  try {
    if (way.port) await place.listen(place.one as never, 80)
    const found: string[] = []
    const check = (is: boolean, words: string) => void (is || found.push(`${name}: ${words}`))
    check(await passes(place, way), 'no packet passes before it')
    const before = await said(place, way)
    check(before.exitCode === 0, `before it, trace says: ${before.stdout}${before.stderr}`)
    await by(place)
    check(!(await passes(place, way, 1)), 'packets pass nevertheless')
    const after = await said(place, way)
    check(
      after.exitCode === 1 && Boolean(ends[name]?.test(after.last)),
      `trace says: ${after.stdout}${after.stderr}`,
    )
    const [, fix = ''] = /; do: (.*)$/.exec(after.last) ?? []
    if (healed !== 'told') {
      const ran = await place.host.sh('sh', ['-ec', fix], {
        env: { ...cliEnv(place.host), ...envOf(place), PATH: `${dirname(executable)}:${process.env.PATH}` },
      })
      check(await passes(place, way), `'${fix}' did not help: ${ran.stdout}${ran.stderr}`)
    }
    return found
  } finally {
    for (const service of place.services) await service.stop()
  }
}

ready('trace ends at what was broken', () => {
  const stopping = Object.entries(breakages).filter(([, { stops }]) => stops)

  test('every way that stops packets is known', () => {
    expect(stopping.map(([name]) => name).filter(name => !ends[name])).toEqual([])
  })

  test('each', async () => {
    const found = await atOnce(6, stopping, ([name, breakage]) =>
      wrongs(name, breakage).catch(error => [`${name}: ${error.stack}`]),
    )
    expect(found.flat()).toEqual([])
  }, 240_000)
})
