// Flows forgotten by netlink: those that conntrack(8) would delete, and no other.
import { afterEach, expect, test } from '@jest/globals'
import type { ConntrackOp } from '../../src/plan/kinds/conntrack.ts'
import { netlinkIn } from '../helpers/netlink.ts'
import { given, requireBuild, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(requireRoot(), requireBuild(), requireTool('conntrack'))

/** By name: from where, to which address and port, and where it was led. */
const flow = (protocol: string, from: string, to: string, port: number, led: string, state = '') =>
  `-p ${protocol} -s ${from} -d ${to} --sport 4000 --dport ${port} -r ${led} -q ${from} --reply-port-src 53 --reply-port-dst 4000 -t 300${state}`
const flows: Readonly<Record<string, string>> = {
  one: flow('udp', '198.51.100.7', '192.0.2.1', 5300, '10.0.0.2'),
  'of another': flow('udp', '198.51.100.8', '192.0.2.1', 5300, '10.0.0.3'),
  'to another address': flow('udp', '198.51.100.9', '192.0.2.2', 5300, '10.0.0.2'),
  'to another port': flow('udp', '198.51.100.10', '192.0.2.1', 5301, '10.0.0.2'),
  tcp: flow('tcp', '198.51.100.7', '192.0.2.1', 5300, '10.0.0.2', ' --state ESTABLISHED'),
  sctp: flow(
    'sctp',
    '198.51.100.7',
    '192.0.2.1',
    5300,
    '10.0.0.2',
    ' --state ESTABLISHED --orig-vtag 1 --reply-vtag 2',
  ),
  v6: flow('udp', '2001:db8::7', '2001:db8::1', 5300, 'fd00::2'),
  'v6, of another': flow('udp', '2001:db8::8', '2001:db8::1', 5300, 'fd00::3'),
}

const udp = { op: 'conntrack.del', netns: 'host', family: 4, protocol: 'udp', port: 5300 } as const
const cases: readonly [name: string, ops: ConntrackOp[], forgotten: string[]][] = [
  ['to an address', [{ ...udp, to: '192.0.2.1' }], ['one', 'of another']],
  [
    'to all addresses',
    ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(to => ({ ...udp, to })),
    ['one', 'of another', 'to another address'],
  ],
  ['led to a container', [{ ...udp, led: { address: '10.0.0.2', port: 53 } }], ['one', 'to another address']],
  ['led to another port of it', [{ ...udp, led: { address: '10.0.0.2', port: 54 } }], []],
  ['sctp', [{ ...udp, protocol: 'sctp', to: '192.0.2.1' }], ['sctp']],
  ['IPv6', [{ ...udp, family: 6, led: { address: 'fd00::2', port: 53 } }], ['v6']],
  [
    'several',
    [
      { ...udp, to: '192.0.2.2' },
      { ...udp, port: 5301, to: '192.0.2.1' },
      { ...udp, family: 6, to: '2001:db8::1' },
    ],
    ['to another address', 'to another port', 'v6', 'v6, of another'],
  ],
  ['none', [{ ...udp, port: 1, to: '192.0.2.1' }], []],
]

ready('flows by netlink', () => {
  test.each(cases)(
    '%s',
    async (_, ops, forgotten) => {
      const { host } = await open()
      for (const line of Object.values(flows)) await host.ok('conntrack', ['-I', ...line.split(' ')])
      const [told] = await netlinkIn(host, ['forgetFlows', ops])
      expect(told).toEqual({ result: true })
      const left = (
        await Promise.all(['ipv4', 'ipv6'].map(one => host.ok('conntrack', ['-L', '-f', one])))
      ).join('')
      const isLeft = (line: string) => {
        const word = (option: string) => new RegExp(`${option} (\\S+)`).exec(line)![1]
        return new RegExp(
          `^${word('-p')} .*src=${word('-s')} dst=${word('-d')} sport=4000 dport=${word('--dport')} .*src=${word('-r')} `,
          'm',
        ).test(left)
      }
      expect(Object.keys(flows).filter(name => !isLeft(flows[name]!))).toEqual(forgotten)
    },
    30_000,
  )
})
