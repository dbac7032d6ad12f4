// vethwork trace: what passes is delivered, what does not is dropped at what was broken; --live sees the same.

import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from '@jest/globals'
import { cli, cliEnv } from '../helpers/cli.ts'
import { atOnce, plugsIn } from '../helpers/crowd.ts'
import { closings } from '../helpers/firewalls.ts'
import type { Container, Host } from '../helpers/host.ts'
import { configOf } from '../helpers/modes.ts'
import type { Netns } from '../helpers/netns.ts'
import { connect, listen, pings } from '../helpers/packets.ts'
import { executable } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'
import { slowness } from '../helpers/slowness.ts'

const open = scenes(afterEach)
const ready = given(requireRoot(), requireBuild(), requireTool('nft'), requireKernel('bridge'))

interface Place {
  readonly host: Host
  readonly outside: Netns
  readonly one: Container
  readonly two: Container
  /** The host's ends of their cables. */
  readonly ports: readonly [string, string]
}

type Config = Record<string, unknown>

const placeWith = async (config: Config, other: Config = config): Promise<Place> => {
  const { host, add } = await open()
  const outside = await host.outside()
  const [one, two] = (await host.containers(2)) as [Container, Container]
  const added = [await add(one, config), await add(two, { ...other, runtimeConfig: undefined })]
  const ports = added.map(({ json }) => json.interfaces[1].name) as [string, string]
  return { host, outside, one, two, ports }
}

/** Exit status and verdict. */
const asked = async (host: Host, ...args: string[]) => {
  const { exitCode, stdout, stderr } = await cli(host, ['trace', ...args])
  return { exitCode, verdict: stdout.trim().split('\n').at(-1) ?? '', all: stdout + stderr }
}

interface Way {
  readonly from: 'one' | 'two' | 'outside' | 'host'
  readonly to: string
  /** Of TCP; the place where it is listened at. */
  readonly port?: number
  readonly size?: number
}

interface Case {
  readonly config?: Config
  readonly other?: Config
  readonly way: Way
  /** Shell lines: on the host, in the container one. PORT1 and PORT2 are the host's ends of the cables. */
  readonly breaks?: string
  readonly inside?: string
  readonly by?: (place: Place) => Promise<unknown>
  readonly says: RegExp
  /** What nftables must have seen of a real packet. */
  readonly live?: RegExp
}

const nat = configOf('nat', 'dual')
const groups = configOf('nat', 'dual', {
  securityGroups: { default: [{ protocol: 'icmp' }, { protocol: 'icmpv6' }, { protocol: 'tcp', ports: 80 }] },
})
const published = { ...nat, runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80 }] } }
const other = {
  ...nat,
  name: 'other',
  ipam: { type: 'vethwork-ipam', ranges: [[{ subnet: '10.45.0.0/24' }]] },
}

const out: Way = { from: 'one', to: '198.51.100.2' }
const out6: Way = { from: 'one', to: '2001:db8:51::2' }
const near: Way = { from: 'two', to: '10.44.0.2' }
const near6: Way = { from: 'two', to: 'fd00:44::2' }

const firewall = (hook: string, rule: string) =>
  `nft 'add table inet fw; add chain inet fw c { type filter hook ${hook} priority 10; }; add rule inet fw c ${rule}'`

const cases: Readonly<Record<string, Case>> = {
  'a rule of somebody else, IPv4': {
    way: out,
    breaks: firewall('forward', 'ip saddr 10.44.0.0/24 drop'),
    says: /^dropped at rule \d+ of the chain 'inet fw c' because it drops 10\.44\.0\.2 → 198\.51\.100\.2 .*; do: nft delete rule inet fw c handle \d+/,
    live: /inet fw c: drop, by 'ip saddr 10\.44\.0\.0\/24 drop' \(from br-\S+ to eth0\)/,
  },
  'a rule of somebody else, IPv6': {
    way: out6,
    breaks: firewall('forward', 'ip6 daddr 2001:db8:51::/64 reject'),
    says: /^dropped at rule \d+ of the chain 'inet fw c'/,
    live: /inet fw c: /,
  },
  'a rule of somebody else, for answers': {
    way: out,
    breaks: firewall('forward', 'ct state established oifname "br-*" drop'),
    says: /^dropped at rule \d+ of the chain 'inet fw c' because the answer does not come back: /,
    live: /the answer was dropped at inet fw c/,
  },
  'a rule inside the bridge': {
    way: near,
    breaks: `nft 'add table bridge fw; add chain bridge fw c { type filter hook forward priority 0; }; add rule bridge fw c ip daddr 10.44.0.2 drop'`,
    says: /^dropped at rule \d+ of the chain 'bridge fw c'/,
    live: /bridge fw c: drop/,
  },
  'iptables, a policy': {
    way: out,
    breaks: 'iptables-nft -P FORWARD DROP',
    says: /^dropped at the policy of the chain '\S+ filter FORWARD'/,
    live: /ip filter FORWARD: drop/,
  },
  'iptables, a rule with words that nft has not': {
    way: out,
    breaks:
      'iptables-nft -A FORWARD -s 10.44.0.0/24 -m comment --comment "no way" -m conntrack --ctstate NEW -j REJECT',
    says: /^dropped at '-A FORWARD -s 10\.44\.0\.0\/24 .* of the chain 'iptables-nft filter FORWARD'/,
  },
  'iptables, as Docker leaves it': {
    way: out,
    breaks: closings['as Docker leaves it'].join('\n'),
    says: /^dropped at the policy of the chain 'iptables-nft filter FORWARD'|^dropped at the policy of the chain 'ip filter FORWARD'/,
  },
  'iptables, as ufw has it, IPv6': {
    way: out6,
    breaks: closings['a chain that ends with REJECT, as ufw has'].join('\n'),
    says: /^dropped at '-A ufw-reject-forward -j REJECT.*' of the chain 'ip6tables-nft filter ufw-reject-forward'/,
  },
  'no forwarding': {
    way: out,
    breaks: 'echo 0 >/proc/sys/net/ipv4/ip_forward',
    says: /^dropped at net\.ipv4\.ip_forward because .*; do: sysctl -w net\.ipv4\.ip_forward=1/,
    live: /no answer within \d+ ms; last seen at the hook (input|prerouting) /,
  },
  'masquerade is gone': {
    way: out,
    breaks: 'nft flush chain inet vethwork masquerade/web.net-1',
    says: /^dropped at the masquerade of network web\.net-1/,
    live: /last seen .*, going to eth0/,
  },
  'the network no longer knows a port of a container': {
    config: groups,
    way: { ...near, port: 80 },
    breaks: 'nft flush set bridge vethwork group-ports-default/web.net-1',
    says: /^dropped at rule \d+ "\S+ \S+" of the chain 'bridge vethwork groups-in\/web\.net-1' because no security group of the receiver allows tcp port 80/,
    live: /bridge vethwork groups-in\/web\.net-1: drop/,
  },
  'its source address is not its own': {
    config: configOf('ipspoofchk', 'dual'),
    way: out,
    inside: 'ip addr add 10.44.0.99/24 dev eth0; ip route replace default via 10.44.0.1 src 10.44.0.99',
    says: /because 10\.44\.0\.99 is none of the addresses that veth\S+ may send from \(ipspoofchk\)/,
    live: /bridge vethwork ipspoofchk\/web\.net-1: drop/,
  },
  'its MAC address is not its own': {
    config: configOf('macspoofchk', 'dual'),
    way: out6,
    inside: 'ip link set eth0 address 02:00:00:00:00:99',
    says: /because macspoofchk does not let veth\S+ send with the MAC address 02:00:00:00:00:99/,
  },
  'the ports of both are isolated': {
    way: near6,
    breaks:
      'ip link set PORT1 type bridge_slave isolated on; ip link set PORT2 type bridge_slave isolated on',
    says: /^dropped at veth\S+ because veth\S+ and veth\S+ are isolated ports/,
  },
  'two networks that keep each other out': {
    config: { ...nat, ingressPolicy: 'same-bridge' },
    other,
    way: { from: 'one', to: '10.45.0.2' },
    breaks: `nft 'add element inet vethwork secluded-bridges { "br-other" }'`,
    says: /of the chain 'inet vethwork isolation\/web\.net-1' because ingressPolicy keeps what comes by br-\S+ out of br-other/,
    live: /inet vethwork isolation\/web\.net-1: drop/,
  },
  'nobody listens any more': {
    config: published,
    way: { from: 'outside', to: '198.51.100.1', port: 8080 },
    by: async () => {},
    says: /^dropped at tcp port 80 of container \S+ because nobody listens there; do: start the service/,
  },
  'a wrong neighbour in the container': {
    way: out6,
    inside: 'ip neigh replace fd00:44::1 lladdr 02:00:00:00:00:99 dev eth0 nud permanent',
    says: /^dropped at the neighbour entry fd00:44::1 of container \S+ because it says 02:00:00:00:00:99/,
  },
  'a smaller MTU on the way': {
    way: { ...near, size: 1500 },
    breaks: 'ip link set PORT1 mtu 1300',
    says: /^dropped at the MTU of (\S+ of container \S+|veth\S+) because a frame of 1500 bytes does not fit into 1300/,
  },
  'no echo replies': {
    way: near,
    inside: 'echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all',
    says: /^dropped at icmp_echo_ignore_all of container/,
  },
  'a source that the host would not send back by that bridge': {
    way: out,
    breaks: 'echo 1 >/proc/sys/net/ipv4/conf/br-web.net-1/rp_filter',
    inside: 'ip addr add 203.0.113.5/32 dev eth0; ip route replace default via 10.44.0.1 src 203.0.113.5',
    says: /^dropped at rp_filter of br-web\.net-1 because packets from 203\.0\.113\.5 are not expected by br-web\.net-1/,
  },
}

const outsideAddress = (to: string) => (to.includes(':') ? '2001:db8:51::2' : '198.51.100.2')

/** Whether a real packet gets there and is answered. */
const passes = async (place: Place, { from, to, port, size }: Way, tries: number): Promise<boolean> => {
  const at = place[from]
  if (port) {
    for (let n = 0; n < tries; n++) if ((await connect(at, to, port, 1)) !== undefined) return true
    return false
  }
  if (!size) return pings(at, to, tries)
  const payload = String(size - (to.includes(':') ? 48 : 28))
  const { exitCode } = await at.sh('ping', [
    '-n',
    '-c1',
    `-W${Math.min(tries, 2)}`,
    '-M',
    'do',
    '-s',
    payload,
    to,
  ])
  return exitCode === 0
}

const wrongs = async (name: string, one: Case): Promise<string[]> => {
  const place = await placeWith(one.config ?? nat, one.other)
  const { way } = one
  const found: string[] = []
  const check = (is: boolean, words: string) => void (is || found.push(`${name}: ${words}`))
  const who =
    way.from === 'host' ? 'host' : way.from === 'outside' ? outsideAddress(way.to) : place[way.from].id
  const to = way.port ? `${way.to}:${way.port}` : way.to
  const args = [who, to, ...(way.size ? ['--size', String(way.size)] : [])]
  const listener = way.port ? await listen(place.one, 80) : undefined
  try {
    check(await passes(place, way, 5), 'no packet passes before it')
    const before = await asked(place.host, ...args, ...(one.live ? ['--live'] : []))
    check(before.exitCode === 0 && /^delivered/.test(before.verdict), `before it: ${before.all}`)
    check(!one.live || /answered after/.test(before.verdict), `before it, live: ${before.all}`)
    const line = one.breaks?.replaceAll('PORT1', place.ports[0]).replaceAll('PORT2', place.ports[1])
    if (line) await place.host.ok('sh', ['-ec', line])
    if (one.inside) await place.one.ok('sh', ['-ec', one.inside])
    if (one.by) await listener?.stop()
    check(!(await passes(place, way, 1)), 'packets pass nevertheless')
    const after = await asked(place.host, ...args)
    check(after.exitCode === 1 && one.says.test(after.verdict), `trace says: ${after.all}`)
    if (one.live) {
      const live = await asked(place.host, ...args, '--live')
      check(live.exitCode === 1 && one.live.test(live.all), `live says: ${live.all}`)
      check(one.says.test(live.verdict), `live ends elsewhere: ${live.all}`)
    }
    return found
  } finally {
    if (listener && !one.by) await listener.stop()
  }
}

ready('trace: delivered before, dropped after', () => {
  test('each', async () => {
    const found = await atOnce(6, Object.entries(cases), ([name, one]) =>
      wrongs(name, one).catch(error => [`${name}: ${error.stack}`]),
    )
    expect(found.flat()).toEqual([])
  }, 240_000)
})

ready('trace: what it takes and gives', () => {
  test('published ports, the host, other containers: by name, address and NETWORK/ID/IFNAME', async () => {
    const { host, outside, one, two } = await placeWith(published)
    const listener = await listen(one, 80)
    const delivered = async (...args: string[]) =>
      expect(await asked(host, ...args)).toMatchObject({
        exitCode: 0,
        verdict: expect.stringMatching(/^delivered/),
      })
    try {
      expect(await connect(outside, '198.51.100.1', 8080)).toBeDefined()
      for (const from of [
        '198.51.100.2',
        'host',
        two.id.slice(0, 8),
        `web.net-1/${two.id}/eth0`,
        '10.44.0.3',
        one.id,
      ])
        await delivered(from, '198.51.100.1:8080')
      await delivered('host', '127.0.0.1:8080')
      await delivered('2001:db8:51::2', '[2001:db8:51::1]:8080')
      await delivered(two.id, `${one.id}:80`)
      await delivered('host', one.id)
      await delivered(one.id, '10.44.0.1')
      const { all, exitCode } = await asked(host, '198.51.100.2', '198.51.100.1:8080')
      expect({ exitCode, all }).toEqual({
        exitCode: 0,
        all: expect.stringMatching(
          /inet vethwork ports: element tcp \. 8080 of web\.net-1\/[0-9a-f]{64}\/eth0: goes to 10\.44\.0\.2:80/,
        ),
      })
      expect(await asked(host, '198.51.100.2', '198.51.100.1:8081')).toMatchObject({
        exitCode: 1,
        verdict: expect.stringMatching(/nobody listens there, and it is no published port/),
      })
    } finally {
      await listener.stop()
    }
  }, 60_000)

  test('--json, and nothing is changed', async () => {
    const { host, one } = await placeWith(nat)
    const rules = async () => await host.ok('nft', ['list', 'ruleset'])
    const before = await rules()
    const { stdout, exitCode } = await cli(host, ['trace', one.id, '198.51.100.2', '--live', '--json'])
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      packet: { protocol: 'icmp', daddr: '198.51.100.2', family: 4 },
      hops: expect.arrayContaining([
        {
          where: expect.stringMatching(/^container/),
          what: expect.any(String),
          see: expect.any(String),
          isAnswer: false,
        },
        { where: 'host', what: expect.any(String), see: expect.any(String), isAnswer: true },
      ]),
      verdict: { delivered: true, words: expect.stringMatching(/^delivered/) },
      live: { delivered: true, steps: expect.arrayContaining([expect.stringMatching(/masquerade/)]) },
    })
    expect(await rules()).toBe(before)
  }, 30_000)

  test.each([
    [['nobody', '192.0.2.1'], /'nobody' is neither a container here, nor an address, nor 'host'/],
    [['host', '192.0.2.1', '--protocol', 'tcp'], /tcp needs a port/],
    [['host', '192.0.2.1:80', '--protocol', 'icmp'], /icmp has no ports/],
    [['host', '192.0.2.1:0'], /0 is no port/],
    [['host', '192.0.2.1', '--size', 'big'], /--size NaN is no size/],
    [['host', 'host'], /host has several addresses: name one/],
    [['192.0.2.1', '2001:db8::1'], /have no address of one family/],
    [['192.0.2.1', '192.0.2.2', '--live'], /--live sends from this host/],
    [['host'], /Not enough non-option arguments/],
  ])(
    '%j is not understood: exit status 2',
    async (args, words) => {
      const { host } = await open()
      await host.outside()
      const { exitCode, all } = await asked(host, ...args)
      expect({ exitCode, all }).toEqual({ exitCode: 2, all: expect.stringMatching(words) })
    },
    30_000,
  )

  test('100 containers: in a second, where a process starts in 3 ms', async () => {
    const { host, add } = await open()
    await host.outside()
    const plugs = plugsIn(await host.containers(4), 25)
    await atOnce(4, plugs, ({ container, ifname }) => add(container, nat, { ifname }))
    const first = plugs[0]!.container.id
    const took: number[] = []
    for (let n = 0; n < 3; n++) {
      const began = performance.now()
      expect(await asked(host, first, '198.51.100.2')).toMatchObject({ exitCode: 0 })
      took.push(performance.now() - began)
    }
    expect(Math.min(...took)).toBeLessThan(1000 * (await slowness()))
  }, 90_000)
})

ready('trace --live', () => {
  test('what the model does not see: the verdict is what a real packet met', async () => {
    const { host, ports, one } = await placeWith(nat)
    await host.ok('nft', [
      `add table netdev fw; add chain netdev fw c { type filter hook ingress device ${ports[0]} priority 0; policy drop; }`,
    ])
    expect(await pings(one, '198.51.100.2', 1)).toBe(false)
    expect(await asked(host, one.id, '198.51.100.2')).toMatchObject({ exitCode: 0 })
    const { exitCode, verdict } = await asked(host, one.id, '198.51.100.2', '--live')
    expect({ exitCode, verdict }).toEqual({
      exitCode: 1,
      verdict: expect.stringMatching(
        /^dropped: a real packet: no answer within \d+ ms; nftables of this host never saw it; the model does not see why/,
      ),
    })
  }, 30_000)

  test('UDP: taken without an answer, refused', async () => {
    const { host, one, two } = await placeWith(nat)
    const { start } = await import('../helpers/service.ts')
    const socket = `const s = require('node:dgram').createSocket('udp4'); s.bind(53, () => console.log('listening'))`
    const service = await start(one, process.execPath, ['-e', socket], /listening/)
    const ask = () => asked(host, two.id, `${one.id}:53`, '--protocol', 'udp', '--live')
    try {
      expect(await ask()).toMatchObject({ exitCode: 0, verdict: expect.stringMatching(/it got there/) })
      expect(await asked(host, two.id, '198.51.100.2:53', '--protocol', 'udp', '--live')).toMatchObject({
        exitCode: 1,
        verdict: expect.stringMatching(/refused/),
      })
    } finally {
      await service.stop()
    }
    expect(await ask()).toMatchObject({ exitCode: 1, verdict: expect.stringMatching(/nobody listens there/) })
  }, 30_000)

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s: its table is gone',
    async signal => {
      const { host, one } = await placeWith(nat)
      await host.ok('sh', ['-ec', firewall('forward', 'ip saddr 10.44.0.2 drop')])
      const child = spawn(
        'nsenter',
        [`--net=${host.path}`, '--', executable, 'trace', one.id, '198.51.100.2', '--live'],
        {
          env: { ...process.env, ...cliEnv(host) },
          stdio: 'ignore',
        },
      )
      const ended = new Promise<number | null>(resolve => child.on('exit', resolve))
      const tables = async () => await host.ok('nft', ['list', 'tables'])
      const deadline = Date.now() + 15_000
      while (!(await tables()).includes('vethwork-trace-') && Date.now() < deadline) await sleep(5)
      child.kill(signal)
      expect(await ended).toBe({ SIGINT: 130, SIGTERM: 143 }[signal])
      expect(await tables()).not.toMatch(/vethwork-trace-/)
    },
    30_000,
  )

  test('what is like ours and never ends does not keep it', async () => {
    const { host, two } = await placeWith(nat)
    const flood = spawn('nsenter', [`--net=${two.path}`, '--', 'ping', '-q', '-f', '10.44.0.2'], {
      stdio: 'ignore',
    })
    try {
      const { exitCode, verdict } = await asked(host, two.id, '10.44.0.2', '--live')
      expect({ exitCode, verdict }).toEqual({ exitCode: 0, verdict: expect.stringMatching(/answered after/) })
      expect(flood.exitCode).toBeNull()
    } finally {
      flood.kill()
    }
  }, 30_000)

  test('what a killed one left is taken away by the next', async () => {
    const { host, one } = await placeWith(nat)
    await host.ok('nft', ['add table inet vethwork-trace-4194305'])
    await asked(host, one.id, '198.51.100.2', '--live')
    expect(await host.ok('nft', ['list', 'tables'])).not.toMatch(/vethwork-trace-/)
  }, 30_000)
})
