// What tc prints, read: iproute2 6.1 on Linux 6.18.
import { expect, test } from '@jest/globals'
import { queuesIn } from '../../../src/linux/tc.ts'

const ours = `qdisc htb 7e: root refcnt 3 r2q 10 default 0x1 direct_packets_stat 0 direct_qlen 1000
qdisc bfifo 7f: parent 7e:1 limit 80Kb
qdisc ingress ffff: parent ffff:fff1 ----------------${' '}
class htb 7e:1 root leaf 7f: prio 0 rate 20Mbit ceil 20Mbit burst 81875b cburst 81875b${' '}
filter parent 7e: protocol ip pref 4 u32 chain 0${' '}
filter parent 7e: protocol ip pref 4 u32 chain 0 fh 800: ht divisor 1${' '}
filter parent 7e: protocol ip pref 4 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0 *flowid 7e: not_in_hw${' '}
  match 0a000000/ff000000 at 12
filter parent 7e: protocol ipv6 pref 6 u32 chain 0 fh 801::801 order 2049 key ht 801 bkt 0 *flowid 7e: not_in_hw${' '}
  match fd000001/ffffffff at 8
  match 00020003/ffffffff at 12
filter protocol all pref 32382 u32 chain 0${' '}
filter protocol all pref 32382 u32 chain 0 fh 800: ht divisor 1${' '}
filter protocol all pref 32382 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0 terminal flowid not_in_hw${' '}
  match 00000000/00000000 at 0
\taction order 1: mirred (Egress Redirect to device ifbx) stolen
\tindex 1 ref 1 bind 1
`
const unshaped = 'qdisc pfifo_fast 0: root refcnt 2 bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1\n'
const others = `qdisc tbf 1: root refcnt 2 rate 1Mbit burst 10Kb lat 25ms${' '}
qdisc clsact ffff: parent ffff:fff1${' '}
filter protocol ip pref 7 bpf chain 0 handle 0x1 other.o:[tc] direct-action
`

test('ours', () => {
  expect(queuesIn(ours)).toEqual({
    root: 'htb 7e:',
    rate: 20e6,
    burst: 81_875,
    queue: 81_920,
    shapesAll: true,
    filters: [
      { protocol: 'ip', flow: '7e:', matches: ['0a000000/ff000000@12'] },
      { protocol: 'ipv6', flow: '7e:', matches: ['fd000001/ffffffff@8', '00020003/ffffffff@12'] },
    ],
    hook: 'ingress',
    incoming: [{ pref: 32382, to: 'ifbx' }],
  })
})

const none = { root: '', shapesAll: false, filters: [], hook: '', incoming: [] }

test("the kernel's choice, and that of another", () => {
  expect(queuesIn(unshaped)).toEqual(none)
  expect(queuesIn(others)).toMatchObject({ root: 'tbf 1:', hook: 'clsact', incoming: [{ pref: 7, to: '' }] })
})

test('nothing, of what is down', () => expect(queuesIn('')).toEqual(none))
