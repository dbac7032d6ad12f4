/** What comes in by an interface takes the way of another device first, which can queue it (tc-mirred(8), ifb). */

import { at } from '../observed.ts'
import type { Common, Kind } from './kind.ts'
import { ANYTHING, byTc, type TcOp } from './tc.ts'

export interface Redirect extends Common {
  readonly kind: 'redirect'
  readonly dev: string
  readonly to: string
  /** The interface is another plugin's, and stays when the attachment goes. */
  readonly stays: boolean
}

/** Our mark among the filters of an interface: their preferences. */
const PREF = 32382

export const redirect: Kind<Redirect, TcOp> = {
  ensure({ netns, dev, to }, observed) {
    const { hook, incoming = [] } = observed.queues.get(at(netns, dev)) ?? {}
    const ours = incoming.filter(({ pref }) => pref === PREF)
    if (ours.length === 1 && ours[0]?.to === to) return []
    return [
      ...(ours.length ? [del({ netns, dev })] : []),
      ...(hook ? [] : [addHook({ netns, dev })]),
      {
        ...atHook({ netns, dev }),
        op: 'filter.add',
        ...ANYTHING,
        to: { redirect: to },
        words: `lead what comes in by ${dev} through ${to}`,
        undo: [del({ netns, dev })],
      },
    ]
  },

  /** Else it goes with its interface. Others' filters stay. */
  remove({ netns, dev, stays }, observed) {
    if (!stays) return []
    const { hook, incoming = [] } = observed.queues.get(at(netns, dev)) ?? {}
    const others = incoming.filter(({ pref }) => pref !== PREF)
    if (others.length === incoming.length) return []
    return hook === 'ingress' && !others.length ? [delHook({ netns, dev })] : [del({ netns, dev })]
  },

  ...byTc,
}

type Place = Pick<Redirect, 'netns' | 'dev'>

const atHook = ({ netns, dev }: Place) =>
  ({ netns, dev, parent: 'ingress', protocol: 'all', prio: PREF }) as const

const addHook = ({ netns, dev }: Place): TcOp => ({
  op: 'qdisc.add',
  netns,
  dev,
  parent: 'ingress',
  handle: 'ffff:',
  qdisc: { kind: 'ingress' },
  words: `look at what comes in by ${dev}`,
  undo: [delHook({ netns, dev })],
})

const delHook = ({ netns, dev }: Place): TcOp => ({
  op: 'qdisc.del',
  netns,
  dev,
  parent: 'ingress',
  words: `no longer look at what comes in by ${dev}`,
  undo: [],
})

const del = (place: Place): TcOp => ({
  ...atHook(place),
  op: 'filter.del',
  words: `let what comes in by ${place.dev} go its own way`,
  undo: [],
})
