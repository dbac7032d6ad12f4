// Every op of traffic control becomes the message that tc(8) sends for its line.
import { expect, test } from '@jest/globals'
import { encodeMessage, messagesIn } from '../../../src/linux/netlink/message.ts'
import { MissingDevice } from '../../../src/linux/netlink/ops/lookup.ts'
import { tcRequest } from '../../../src/linux/netlink/ops/tc.ts'
import { kindOfOp } from '../../../src/plan/kinds/index.ts'
import { redirect } from '../../../src/plan/kinds/redirect.ts'
import { type Shaper, shaper } from '../../../src/plan/kinds/shaper.ts'
import type { TcOp } from '../../../src/plan/kinds/tc.ts'
import { HOST } from '../../../src/plan/netns.ts'
import { at, nothing, type ObservedQueues } from '../../../src/plan/observed.ts'
import { captured } from './netlink-captured-tc.ts'

const common = { netns: HOST, scope: 'attachment', dev: 'eth0', stays: true, why: '' } as const
const shaped = (fields: Partial<Shaper>): Shaper => ({
  ...common,
  kind: 'shaper',
  rate: 20e6,
  burst: 250_000,
  queue: 81_920,
  far: 'src',
  except: [],
  only: [],
  ...fields,
})
const led = { ...common, kind: 'redirect', to: 'ifb1' } as const

/** What was made for nothing at all, and for two subnets of everything. */
const seen: ObservedQueues = {
  root: 'htb 7e:',
  rate: 20e6,
  burst: 250_000,
  queue: 81_920,
  shapesAll: true,
  filters: [
    { protocol: 'ip', flow: '7e:', matches: ['0a000000/ff000000@12'] },
    { protocol: 'ipv6', flow: '7e:', matches: [] },
  ],
  hook: 'ingress',
  incoming: [{ pref: 32382, to: 'ifb1' }],
}
const observed = { ...nothing, queues: new Map([[at(HOST, 'eth0'), seen]]) }
const beside = { ...seen, hook: 'clsact', incoming: [...seen.incoming, { pref: 7, to: '' }] } as const

const ops: TcOp[] = [
  ...shaper.ensure(
    shaped({
      except: ['10.0.0.0/8', '192.0.2.64/26', '0.0.0.0/0', 'fd00:1:2:3::/64', '2001:db8::/32', '::/0'],
    }),
    nothing,
  ),
  ...shaper.ensure(
    shaped({ rate: 40e9, burst: 81_920, queue: 2 ** 31, far: 'dst', only: ['10.0.0.0/8', 'fd00::1/128'] }),
    nothing,
  ),
  ...shaper.ensure(shaped({ rate: 8, burst: 60 }), nothing),
  ...shaper.remove(shaped({}), observed),
  // As it was.
  ...shaper.remove(shaped({}), observed).flatMap(({ undo }) => undo),
  ...redirect.ensure(led, nothing),
  ...redirect.remove(led, { ...nothing, queues: new Map([[at(HOST, 'eth0'), beside]]) }),
  ...redirect.remove(led, observed),
]

const indexes: Record<string, number> = { eth0: 11, ifb1: 13 }
const lookup = {
  index: (name: string) => {
    const found = indexes[name]
    if (found === undefined) throw new MissingDevice(name)
    return found
  },
  netns: () => 4,
}

const lineOf = (op: TcOp) => kindOfOp(op).line(op)
const hexOf = (bytes: Buffer) => {
  const [{ type, flags, body }] = messagesIn(bytes) as [ReturnType<typeof messagesIn>[0]]
  // The acknowledgement is the socket's business.
  return [type, flags & ~4, body.toString('hex')]
}

/** What tc(8) says for tables of times that it sends as well; and of lists of attributes we say that they are. */
const ours = (hex: string) =>
  hex.replaceAll('03010000ffff0000', '0001000000000000').replace('3800070034000100', '3800078034000180')

test.each(captured.map(([line, hex], n) => ({ line, hex, op: ops[n]! })))('$line', ({ line, hex, op }) => {
  expect(lineOf(op)).toBe(line)
  expect(hexOf(encodeMessage(tcRequest(op, lookup), 1))).toEqual(hexOf(Buffer.from(ours(hex), 'hex')))
})

test('every captured line has its op', () => expect(ops).toHaveLength(captured.length))

test('a device that is not there', () => {
  const [, op] = redirect.ensure({ ...led, to: 'ifb7' }, nothing)
  expect(() => tcRequest(op!, lookup)).toThrow('Cannot find device "ifb7"')
})

test('what was found without a class is put back without one', () => {
  const { rate, burst, queue, ...rest } = seen
  const bare = { ...nothing, queues: new Map([[at(HOST, 'eth0'), { ...rest, filters: [] }]]) }
  const lines = shaper.remove(shaped({}), bare).flatMap(({ undo }) => undo.map(lineOf))
  expect(lines).toEqual(['qdisc add dev eth0 root handle 7e: htb default 1'])
})
