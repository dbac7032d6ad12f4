/** What comes in by an interface takes the way of another device first, which can queue it (tc-mirred(8), ifb). */

import { at } from '../observed.ts'
import type { Common, Kind } from './kind.ts'
import { byTc, type TcOp, tc } from './tc.ts'

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
      tc(
        netns,
        `filter add dev ${dev} ingress protocol all prio ${PREF} u32 match u32 0 0 action mirred egress redirect dev ${to}`,
        `lead what comes in by ${dev} through ${to}`,
        [del({ netns, dev })],
      ),
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

const addHook = ({ netns, dev }: Place) =>
  tc(netns, `qdisc add dev ${dev} handle ffff: ingress`, `look at what comes in by ${dev}`, [
    delHook({ netns, dev }),
  ])

const delHook = ({ netns, dev }: Place) =>
  tc(netns, `qdisc del dev ${dev} ingress`, `no longer look at what comes in by ${dev}`)

const del = ({ netns, dev }: Place) =>
  tc(
    netns,
    `filter del dev ${dev} ingress protocol all prio ${PREF}`,
    `let what comes in by ${dev} go its own way`,
  )
