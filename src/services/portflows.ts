/** Flows that a published port led: conntrack(8) forgets them when the port begins to lead elsewhere, and when it ends. */

import { familyOf } from '../../ipam/cidr.ts'
import type { Conntrack } from '../plan/kinds/conntrack.ts'
import type { Element } from '../plan/kinds/element.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST } from '../plan/netns.ts'
import { TABLE } from './portrules.ts'
import type { Published } from './ports.ts'

const common = {
  kind: 'conntrack',
  scope: 'attachment',
  netns: HOST,
  why: 'portMappings: who spoke to the port before is led anew',
} as const

/** TCP begins every connection anew; what it had for others is not asked. */
export const forgotten =
  (when: Conntrack['when']) =>
  ({ element, mapping, n, target, address }: Published): Conntrack[] => {
    const { protocol, hostPort, containerPort } = mapping
    if (protocol === 'tcp') return []
    return [
      {
        ...common,
        family: familyOf(target),
        protocol,
        address,
        port: hostPort + n,
        target: { address: target, port: containerPort + n },
        element,
        when,
      },
    ]
  }

/**
 * An element of which nobody remembers whose it was, with what else goes with it: the flows of a port, which the
 * element itself tells (`udp . 5353 : 10.22.0.2 . 53`). What comes first is taken away last.
 */
export const elementAndFlows = (element: Element): Desired[] => {
  const { table, set, key, value = '' } = element
  const family = /^ports([46])(-all)?(\/|$)/.exec(set)?.[1]
  const [protocol, port, address = ''] = key.split(' . ')
  const [to, toPort] = value.split(' . ')
  if (table !== TABLE || !family || !(protocol === 'udp' || protocol === 'sctp') || !to) return [element]
  return [
    {
      ...common,
      family: family === '4' ? 4 : 6,
      protocol,
      address,
      port: Number(port),
      target: { address: to, port: Number(toPort) },
      element,
      when: 'ends',
    },
    element,
  ]
}
