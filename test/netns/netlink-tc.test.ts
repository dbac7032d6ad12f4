// What interfaces queue, asked by netlink: the same as tc(8) prints of it.
import { afterEach, expect, test } from '@jest/globals'
import type { ObservedQueues } from '../../src/plan/observed.ts'
import { netlinkIn } from '../helpers/netlink.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(requireRoot(), requireBuild(), requireTool('tc'), requireKernel('ifb'))

const shaper = (chosen: number, rate = '20mbit', burst = 250_000) => [
  `qdisc add dev eth0 root handle 7e: htb default ${chosen}`,
  `class add dev eth0 parent 7e: classid 7e:1 htb rate ${rate} burst ${burst}b cburst ${burst}b quantum 60000`,
  'qdisc add dev eth0 parent 7e:1 handle 7f: bfifo limit 81920b',
]
const filter = (rest: string) => `filter add dev eth0 parent 7e: protocol ${rest}`
const hook = 'qdisc add dev eth0 handle ffff: ingress'
const redirect = (prio: number, dev: string) =>
  `filter add dev eth0 ingress protocol all prio ${prio} u32 match u32 0 0 action mirred egress redirect dev ${dev}`

/** Each with something of what must be found: that both find nothing would be the same, too. */
const cases: Readonly<Record<string, readonly [lines: string[], found: Partial<ObservedQueues>]>> = {
  'nothing at all': [[], { root: '', filters: [], hook: '', incoming: [] }],
  'a shaper': [shaper(1), { root: 'htb 7e:', rate: 20e6, burst: 250_000, queue: 81_920, shapesAll: true }],
  'for some': [shaper(0), { shapesAll: false }],
  '40 Gbit/s': [shaper(1, '40gbit', 20_000_000), { rate: 40e9, burst: 20_000_000 }],
  'a byte a second': [shaper(1, '8bit', 60), { rate: 8, burst: 60 }],
  'without a queue': [shaper(1).slice(0, 2), { rate: 20e6 }],
  'without a class': [shaper(1).slice(0, 1), { root: 'htb 7e:' }],
  'another queue': [
    [...shaper(1).slice(0, 2), 'qdisc add dev eth0 parent 7e:1 handle 7f: pfifo limit 7'],
    {},
  ],
  filters: [
    [
      ...shaper(0),
      filter('ip prio 4 u32 match ip src 10.0.0.0/8 flowid 7e:1'),
      filter('ip prio 4 u32 match ip src 192.0.2.64/26 flowid 7e:0'),
      filter('ip prio 4 u32 match ip src 0.0.0.0/0 flowid 7e:0'),
      filter('ipv6 prio 6 u32 match ip6 dst fd00:1:2:3::1/128 flowid 7e:1'),
      filter('ipv6 prio 6 u32 match ip6 dst ::/0 flowid 7e:1'),
      filter('all prio 8 u32 match u8 1 1 at 0 flowid 7e:1'),
    ],
    {
      filters: [
        { protocol: 'ip', flow: '7e:1', matches: ['0a000000/ff000000@12'] },
        { protocol: 'ip', flow: '7e:', matches: ['c0000240/ffffffc0@12'] },
        { protocol: 'ip', flow: '7e:', matches: [] },
        {
          protocol: 'ipv6',
          flow: '7e:1',
          matches: [
            'fd000001/ffffffff@24',
            '00020003/ffffffff@28',
            '00000000/ffffffff@32',
            '00000001/ffffffff@36',
          ],
        },
        { protocol: 'ipv6', flow: '7e:1', matches: [] },
        { protocol: 'all', flow: '7e:1', matches: ['01000000/01000000@0'] },
      ],
    },
  ],
  'what comes in is led away': [
    [hook, redirect(32382, 'ifb1'), redirect(7, 'ifb1')],
    {
      hook: 'ingress',
      incoming: [
        { pref: 7, to: 'ifb1' },
        { pref: 32382, to: 'ifb1' },
      ],
    },
  ],
  'both ways': [[...shaper(1), hook, redirect(32382, 'ifb1')], { root: 'htb 7e:', hook: 'ingress' }],
  'to a device that is gone': [
    ['link add gone type ifb', hook, redirect(32382, 'gone'), 'link del gone'],
    { incoming: [{ pref: 32382, to: '*' }] },
  ],
  'a mirror': [
    [hook, redirect(9, 'ifb1').replace('redirect', 'mirror')],
    { incoming: [{ pref: 9, to: '' }] },
  ],
  'somebody else’s tbf, and clsact': [
    ['qdisc add dev eth0 root handle 1: tbf rate 1mbit burst 10kb latency 25ms', 'qdisc add dev eth0 clsact'],
    { root: 'tbf 1:', hook: 'clsact' },
  ],
  'somebody else’s htb': [
    [
      'qdisc add dev eth0 root handle 5: htb',
      'class add dev eth0 parent 5: classid 5:a htb rate 1mbit',
      'class add dev eth0 parent 5:a classid 5:b htb rate 1mbit',
    ],
    { root: 'htb 5:', rate: 1e6 },
  ],
}

ready('queues by netlink', () => {
  test.each(Object.entries(cases))(
    '%s',
    async (_, [lines, found]) => {
      const { host } = await open()
      await host.batch('link add ifb1 type ifb', 'link add eth0 type veth peer name p0', 'link set eth0 up')
      for (const line of lines) await host.ok(line.startsWith('link') ? 'ip' : 'tc', line.split(' '))
      const devs = ['eth0', 'nobody', 'ifb1']
      const [ours, theirs] = await netlinkIn(host, ['queuesOf', devs], ['tcShow', devs])
      expect(Object.keys(ours!.result)).toEqual(['eth0', 'ifb1'])
      expect(ours!.result.eth0).toMatchObject(found)
      expect(ours!.result).toEqual(theirs!.result)
    },
    30_000,
  )
})
