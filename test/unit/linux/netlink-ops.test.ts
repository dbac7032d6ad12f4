// Every op that ip(8) or bridge(8) do becomes the message that they send for its line.
import { beforeAll, expect, test } from '@jest/globals'
import { attributesIn } from '../../../src/linux/netlink/codec.ts'
import { encodeMessage, messagesIn } from '../../../src/linux/netlink/message.ts'
import { hasMessage, haveMessages, requestOf } from '../../../src/linux/netlink/ops/index.ts'
import { MissingDevice } from '../../../src/linux/netlink/ops/lookup.ts'
import { kindOfOp, type Op } from '../../../src/plan/kinds/index.ts'
import type { Link } from '../../../src/plan/kinds/link.ts'
import { HOST } from '../../../src/plan/netns.ts'
import { captured } from './netlink-captured.ts'

const indexes: Record<string, number> = { 'br-web': 2, br0: 10, eth0: 11, p0: 12 }
const lookup = {
  index: (name: string) => {
    const found = indexes[name]
    if (found === undefined) throw new MissingDevice(name)
    return found
  },
  netns: () => 4,
}

const inside = '/run/netns/c1'
const at = { netns: HOST, dev: 'eth0' } as const
const link = (rest: Partial<Link> & Pick<Link, 'name' | 'type'>, netns: Op['netns'] = HOST): Op => ({
  op: 'link.add',
  netns,
  name: rest.name,
  link: { kind: 'link', scope: 'network', netns: HOST, settings: {}, why: '', ...rest },
})
const set = (name: string, settings: Link['settings']): Op => ({
  op: 'link.set',
  netns: HOST,
  name,
  set: settings,
  was: {},
})
const addr = (op: 'addr.add' | 'addr.del', address: string, nodad = false, words?: string): Op => ({
  ...at,
  op,
  address,
  nodad,
  words,
})
const route = (op: 'route.add' | 'route.del' | 'route.replace', dst: string, rest: object = {}): Op => ({
  ...at,
  op,
  to: { dst, ...rest },
})
const on = { netns: HOST, name: 'p0' } as const

const ops: Op[] = [
  link({ name: 'br-web', type: 'bridge', settings: { up: true, mac: '02:42:0a:16:00:01' } }),
  link({
    name: 'vethx',
    type: 'veth',
    settings: { up: true, mtu: 1400, mac: 'fe:00:00:00:00:01', master: 'br0', hairpin: true },
    peer: { netns: inside, name: 'c0', settings: { mtu: 1400, mac: '02:42:0a:16:00:02' } },
  }),
  { op: 'link.alias', netns: HOST, name: 'eth0', alias: 'vethwork:web/c1/eth0 10.0.0.2/24' },
  set('eth0', { mtu: 1400, mac: '02:42:0a:16:00:09', promisc: true, master: 'br0', up: true }),
  set('eth0', { up: true, hairpin: true, isolated: false }),
  set('br0', { vlanFiltering: true }),
  set('eth0', { promisc: false, master: '', up: false }),
  { op: 'link.rename', netns: HOST, name: 'p0', to: 'p9' },
  link({
    name: 'v5',
    type: 'vlan',
    lower: on,
    settings: { mac: '02:42:0a:16:00:05', up: true },
    details: { protocol: '802.1Q', id: 5 },
  }),
  link({
    name: 'vx',
    type: 'vxlan',
    lower: on,
    settings: { mtu: 1450, up: true },
    details: { id: 77, group: '239.1.1.1', local: '192.0.2.1', port: 4789, learning: true },
  }),
  link({
    name: 'vx6',
    type: 'vxlan',
    lower: on,
    settings: { up: true },
    details: { id: 78, group6: 'ff05::77', local6: '2001:db8::1', port: 4790, learning: false, proxy: true },
  }),
  link({
    name: 'mv',
    type: 'macvlan',
    lower: on,
    netns: inside,
    details: { mode: 'bridge', bcqueuelen: 100 },
  }),
  link({
    name: 'mv2',
    type: 'macvlan',
    lower: on,
    netns: inside,
    settings: { mtu: 1400, mac: '02:42:0a:16:00:06' },
    details: { mode: 'passthru' },
  }),
  link({ name: 'iv', type: 'ipvlan', lower: on, netns: inside, details: { mode: 'l3s' } }),
  { op: 'link.del', netns: HOST, name: 'br-web', type: 'bridge' },
  addr('addr.add', '10.0.0.2/24'),
  addr('addr.add', '10.0.1.2/24', false, 'brd 10.0.1.255 metric 100 noprefixroute'),
  addr('addr.add', '10.0.2.2/32'),
  addr('addr.add', 'fd00::2/64', true),
  addr('addr.add', 'fd00::3/64'),
  addr('addr.del', '10.0.1.2/24'),
  addr('addr.del', 'fd00::3/64'),
  route('route.add', '0.0.0.0/0', { gw: '10.0.0.1' }),
  route('route.add', '10.7.0.0/16', {
    priority: 5,
    table: 100,
    scope: 253,
    mtu: 1300,
    advmss: 1200,
    protocol: '4',
    src: '10.0.0.2',
  }),
  route('route.add', '::/0', { gw: 'fd00::1' }),
  route('route.add', 'fd07::/64', { priority: 7, mtu: 1300 }),
  route('route.add', '10.8.0.0/16', { table: 1000 }),
  route('route.replace', '10.8.0.0/16', { priority: 9 }),
  route('route.replace', 'fd08::/64', { gw: 'fd00::1', protocol: '9' }),
  route('route.del', '10.8.0.0/16'),
  route('route.del', '::/0', { gw: 'fd00::1' }),
  { ...at, op: 'probe.ask', address: '10.0.0.9' },
  { ...at, op: 'probe.ask', address: 'fd00::9' },
  { ...at, op: 'neigh.del', address: '10.0.0.9' },
  { ...at, op: 'neigh.del', address: 'fd00::9' },
  { ...at, op: 'fdb.append', mac: '00:00:00:00:00:00', dst: '192.0.2.3' },
  { ...at, op: 'fdb.append', mac: '02:00:00:00:00:01', dst: '2001:db8::3' },
  { ...at, op: 'fdb.del', mac: '00:00:00:00:00:00', dst: '192.0.2.3' },
  { ...at, op: 'vlan.add', vid: 7, access: true, self: false },
  { ...at, op: 'vlan.add', vid: 8, access: false, self: false },
  { ...at, op: 'vlan.add', dev: 'br0', vid: 7, access: false, self: true },
  { ...at, op: 'vlan.del', vid: 7, access: true, self: false },
  { ...at, op: 'vlan.del', dev: 'br0', vid: 7, access: false, self: true },
  { netns: HOST, op: 'rule.add', from: '10.0.0.2', table: 100 },
  { netns: HOST, op: 'rule.add', from: 'fd00::2', table: 1000 },
  { netns: HOST, op: 'rule.del', from: '10.0.0.2', table: 100 },
  { netns: HOST, op: 'rule.del', from: 'fd00::2', table: 1000 },
]

/** Lengths of the structs before the attributes, by message type / 4 (rtnetlink(7)). */
const structs: Record<number, number> = { 4: 16, 5: 8, 6: 12, 7: 12, 8: 12 }

/** Which attributes hold attributes, by message type / 4; a number is the length of a struct before them. */
type Shape = { readonly [type: number]: Shape | readonly [number, Shape] }
const linkShape: Shape = { 18: { 2: {}, 5: {} }, 26: {} }
const shapes: Record<number, Shape> = { 4: linkShape, 6: { 8: {} } }
const vethShape: Shape = { 18: { 2: { 1: [16, {}] } } }

/** Attributes in any order: ip(8) has them in that of the words. */
const tree = (bytes: Buffer, shape: Shape): unknown =>
  attributesIn(bytes)
    .map(([type, payload]) => {
      const inner = shape[type]
      if (!inner) return [type, payload.toString('hex')]
      if (!Array.isArray(inner)) return [type, tree(payload, inner as Shape)]
      return [type, payload.subarray(0, inner[0]).toString('hex'), tree(payload.subarray(inner[0]), inner[1])]
    })
    .sort((a, b) => Number(a[0]) - Number(b[0]))

const comparable = (bytes: Buffer) => {
  const [{ type, flags, body }] = messagesIn(bytes) as [ReturnType<typeof messagesIn>[0]]
  const length = structs[type >> 2]!
  const isVeth = body.includes('veth\x3c\x00\x02') // the data comes right after the kind
  const shape = isVeth ? vethShape : (shapes[type >> 2] ?? {})
  return {
    type,
    flags: flags & ~4, // the acknowledgement is the socket's business
    struct: body.subarray(0, length).toString('hex'),
    attributes: tree(body.subarray(length), shape),
  }
}

/** What ip(8) says and need not: the kind of a port (nothing looks at it), and that an ipvlan is not private. */
const unneeded = (line: string, { attributes, ...rest }: ReturnType<typeof comparable>) => {
  let json = JSON.stringify(attributes)
  if (line.includes('bridge_slave'))
    json = json.replace(`[1,"${hex('bridge_slave')}"]`, `[4,"${hex('bridge')}"]`)
  if (line.includes('ipvlan')) json = json.replace(',[2,"0000"]', '')
  return { ...rest, attributes: JSON.parse(json) }
}
const hex = (text: string) => Buffer.from(text).toString('hex')

beforeAll(async () => expect(await haveMessages(ops)).toBe(true))

test.each(captured.map(([line, hexadecimal], n) => ({ line, hexadecimal, op: ops[n]! })))(
  '$line',
  ({ line, hexadecimal, op }) => {
    expect(kindOfOp(op).line(op)).toBe(line)
    const ours = requestOf(op, lookup)
    const theirs = comparable(Buffer.from(hexadecimal, 'hex'))
    const sorted = (one: ReturnType<typeof comparable>) => JSON.parse(JSON.stringify(one))
    expect(sorted(comparable(encodeMessage(ours, 1)))).toEqual(sorted(unneeded(line, theirs)))
  },
)

test('every captured line has its op', () => expect(ops).toHaveLength(captured.length))

test('what only the programs can do', () => {
  const others: Op[] = [
    link({ name: 'gr', type: 'gretap', details: { remote: '192.0.2.2', local: '192.0.2.1' } }),
    link({ name: 'br1', type: 'bridge', details: { stp_state: 1 } }),
    addr('addr.add', '10.0.0.2/24', false, 'label eth0:1'),
    route('route.add', '10.0.0.0/8', { gw: 'fd00::1' }),
    route('route.add', '10.0.0.0/8', { protocol: 'ra' }),
    { op: 'nft', netns: HOST, line: '', words: '', undo: [] },
    { op: 'arrival.await', netns: HOST, name: 'eth0' },
  ]
  for (const op of others) expect(hasMessage(op)).toBe(false)
})

test('an interface that is not there', () => {
  expect(() => requestOf(set('eth7', { up: true }), lookup)).toThrow('Cannot find device "eth7"')
})
