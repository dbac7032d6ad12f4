import { matchesOf } from '../../src/plan/kinds/shaper.ts'
import type { ObservedQueues } from '../../src/plan/observed.ts'

const untouched: ObservedQueues = { root: '', shapesAll: false, filters: [], hook: '', incoming: [] }

/** The part of tc(8) that plans use: one interface's queues after a line. A line it does not know throws. */
export const afterTc = (line: string, before: ObservedQueues = untouched): ObservedQueues => {
  for (const [form, work] of forms) {
    const found = form.exec(line)
    if (found) return work(before, ...(found.slice(1) as [string, string, string]))
  }
  throw new Error(`syntax error: ${line}`)
}

export const isUntouched = ({ root, hook }: ObservedQueues) => root === '' && hook === ''

type Work = (was: ObservedQueues, a: string, b: string, c: string) => ObservedQueues

const forms: readonly [RegExp, Work][] = [
  [
    /^qdisc add dev \S+ root handle (\S+) htb default (\d)$/,
    (was, handle, chosen) => {
      if (was.root) throw new Error('Exclusivity flag on')
      return { ...was, root: `htb ${handle}`, shapesAll: chosen === '1' }
    },
  ],
  [
    /^class add dev \S+ parent 7e: classid 7e:1 htb rate (\d+)bit burst (\d+)b cburst \2b quantum \d+$/,
    (was, rate, burst) => ({ ...was, rate: Number(rate), burst: Number(burst) }),
  ],
  [
    /^qdisc add dev \S+ parent 7e:1 handle 7f: bfifo limit (\d+)b$/,
    (was, limit) => ({ ...was, queue: Number(limit) }),
  ],
  [
    /^filter add dev \S+ parent 7e: protocol (ipv?6?) prio \d u32 match ip6? (src|dst) (\S+ flowid \S+)$/,
    (was, protocol, far, rest) => {
      const [subnet = '', , flow = ''] = rest.split(' ')
      const matches = matchesOf(subnet, far as 'src')
      return { ...was, filters: [...was.filters, { protocol, flow: flow.replace(/:0$/, ':'), matches }] }
    },
  ],
  [/^qdisc del dev \S+ root$/, ({ hook, incoming }) => ({ ...untouched, hook, incoming })],
  [/^qdisc add dev \S+ handle ffff: ingress$/, was => ({ ...was, hook: 'ingress' })],
  [/^qdisc del dev \S+ ingress$/, was => ({ ...was, hook: '', incoming: [] })],
  [
    /^filter add dev \S+ ingress protocol all prio (\d+) u32 match u32 0 0 action mirred egress redirect dev (\S+)$/,
    (was, pref, to) => {
      if (!was.hook) throw new Error('Parent Qdisc does not exist')
      return { ...was, incoming: [...was.incoming, { pref: Number(pref), to }] }
    },
  ],
  [
    /^filter del dev \S+ ingress protocol all prio (\d+)$/,
    (was, pref) => ({ ...was, incoming: was.incoming.filter(one => one.pref !== Number(pref)) }),
  ],
]
