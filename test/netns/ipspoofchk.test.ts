// A container speaks for its own addresses only: in IPv4 and IPv6, in ARP and in neighbour discovery.
import { afterEach, expect, test } from '@jest/globals'
import { advertisement, arpFrame, probe, routerAdvertisement, sendFrames } from '../helpers/frames.ts'
import { configOf } from '../helpers/modes.ts'
import { capture, pings } from '../helpers/packets.ts'
import { pairOn } from '../helpers/pair.ts'
import {
  given,
  requireBuild,
  requireFile,
  requireKernel,
  requireRoot,
  requireTool,
} from '../helpers/requirements.ts'
import { scenes, succeeded } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('tcpdump'),
  requireFile('/usr/bin/python3'),
  requireKernel('bridge'),
)

const networks = {
  ipspoofchk: configOf('ipspoofchk', 'dual'),
  'security groups bring it with them': configOf('securityGroups', 'dual'),
  nobody: configOf('ipMasq by nftables', 'dual'),
} as const

/** Two containers that reach each other, and what the first one needs to know to lie to the second. */
const liars = async (config: ReturnType<typeof configOf>) => {
  const pair = await pairOn(await open(), config)
  const { one, here, there } = pair
  for (const address of [there.v4, there.v6]) expect(await pings(one, address)).toBe(true)
  const mac = pair.result.interfaces[2].mac as string
  const linkLocal =
    /inet6 (fe80:[^/]+)/.exec(await one.ok('ip', ['-6', 'addr', 'show', 'dev', 'eth0']))?.[1] ?? ''
  return { ...pair, mac, linkLocal, here, there }
}

const other = 'c2:11:22:33:44:99'

/** By name: frames of the first container; what the second may hear of them, with a check and without. */
const frames: Record<
  string,
  { of: (liar: Awaited<ReturnType<typeof liars>>) => string; heard: boolean; by: string }
> = {
  'ARP: its own address': {
    of: ({ mac, here, there }) => arpFrame(mac, { operation: 2, mac, address: here.v4, target: there.v4 }),
    heard: true,
    by: 'arp and ether broadcast',
  },
  'ARP: the gateway’s address': {
    of: ({ mac, there }) => arpFrame(mac, { operation: 2, mac, address: '10.44.0.1', target: there.v4 }),
    heard: false,
    by: 'arp and ether broadcast',
  },
  'ARP: its own address at another MAC': {
    of: ({ mac, here, there }) =>
      arpFrame(mac, { operation: 2, mac: other, address: here.v4, target: there.v4 }),
    heard: false,
    by: 'arp and ether broadcast',
  },
  'ARP: a question in another’s name': {
    of: ({ mac, there }) => arpFrame(mac, { operation: 1, mac, address: '10.44.0.1', target: there.v4 }),
    heard: false,
    by: 'arp and ether broadcast',
  },
  'ARP: a probe': {
    of: ({ mac, here }) => arpFrame(mac, { operation: 1, mac, address: '0.0.0.0', target: here.v4 }),
    heard: true,
    by: 'arp and ether broadcast',
  },
  'ARP: nobody’s answer': {
    of: ({ mac, there }) => arpFrame(mac, { operation: 2, mac, address: '0.0.0.0', target: there.v4 }),
    heard: false,
    by: 'arp and ether broadcast',
  },
  'ND: its own address': {
    of: ({ mac, here }) => advertisement(mac, here.v6, here.v6),
    heard: true,
    by: 'icmp6 and dst host ff02::1',
  },
  'ND: its own link-local address': {
    of: ({ mac, linkLocal }) => advertisement(mac, linkLocal, linkLocal),
    heard: true,
    by: 'icmp6 and dst host ff02::1',
  },
  'ND: the gateway’s address, from its own': {
    of: ({ mac, here }) => advertisement(mac, here.v6, 'fd00:44::1'),
    heard: false,
    by: 'icmp6 and dst host ff02::1',
  },
  'ND: the gateway’s address, from there': {
    of: ({ mac }) => advertisement(mac, 'fd00:44::1', 'fd00:44::1'),
    heard: false,
    by: 'icmp6 and dst host ff02::1',
  },
  'ND: is its own address free?': {
    of: ({ mac, here }) => probe(mac, here.v6),
    heard: true,
    by: 'icmp6 and dst host ff02::1',
  },
  'ND: is another’s address free?': {
    of: ({ mac, there }) => probe(mac, there.v6),
    heard: false,
    by: 'icmp6 and dst host ff02::1',
  },
  'ND: I am a router': {
    of: ({ mac, linkLocal }) => routerAdvertisement(mac, linkLocal),
    heard: false,
    by: 'icmp6 and dst host ff02::1',
  },
}

for (const [name, config] of Object.entries(networks))
  ready(name, () => {
    const isChecked = name !== 'nobody'

    test('ARP and ND', async () => {
      const liar = await liars(config)
      const { one, two, mac } = liar
      for (const [what, { of, heard, by }] of Object.entries(frames)) {
        const ear = await capture(two, 'eth0', `ether src ${mac} and ${by}`)
        await sendFrames(one, 'eth0', of(liar))
        const seen = (await ear.stop()).length > 0
        expect({ what, seen }).toEqual({ what, seen: heard || !isChecked })
      }
      succeeded(await liar.runtime.check(one, config))
    }, 240_000)

    test('packets from another address', async () => {
      const { one, two, there } = await liars(config)
      await one.batch('addr add 10.44.0.99/24 dev eth0', 'addr add fd00:44::99/64 dev eth0 nodad')
      for (const [from, to] of [
        ['10.44.0.99', there.v4],
        ['fd00:44::99', there.v6],
      ] as const) {
        const ear = await capture(two, 'eth0', `src host ${from}`)
        await one.sh('ping', ['-n', '-c2', '-i0.2', '-W1', '-I', from, to])
        const seen = (await ear.stop()).length > 0
        expect({ from, seen }).toEqual({ from, seen: !isChecked })
      }
      await one.batch('addr del 10.44.0.99/24 dev eth0', 'addr del fd00:44::99/64 dev eth0')
      for (const address of [there.v4, there.v6]) expect(await pings(one, address)).toBe(true)
    }, 120_000)
  })

ready('who has no address yet', () => {
  test('asks by DHCP, and gets the answer', async () => {
    const { host, one, two, mac, bridge } = await liars(networks['security groups bring it with them'])
    const discover = (port: string) =>
      `ffffffffffff${mac.replaceAll(':', '')}08004500001c0000400040113ad200000000ffffffff${port}00080000`
    const ear = await capture(host, bridge, 'udp dst port 67')
    await sendFrames(one, 'eth0', discover('00440043'), discover('00450043'))
    const seen = (await ear.stop()).join('\n')
    expect(seen).toMatch(/0\.0\.0\.0\.68 > 255\.255\.255\.255\.67/)
    expect(seen).not.toMatch(/0\.0\.0\.0\.69/)
    const answers = await capture(two, 'eth0', 'udp port 68')
    await host.ok('bash', ['-c', 'exec 3<>/dev/udp/10.44.0.3/68; echo x >&3'])
    await host.ok('/usr/bin/python3', [
      '-c',
      'import socket; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.bind(("10.44.0.1",67)); s.sendto(b"x",("10.44.0.3",68))',
    ])
    const heard = (await answers.stop()).join('\n')
    expect(heard).toMatch(/10\.44\.0\.1\.67 > 10\.44\.0\.3\.68/)
    expect(heard.match(/10\.44\.0\.1\.\d+ > 10\.44\.0\.3\.68/g)).toHaveLength(1)
  }, 120_000)
})
