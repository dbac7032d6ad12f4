/** Bridges as a whole: how full they are, and whether anybody needs them. Pure. */

import { isPlugOf, readNetworkAlias } from '../../../networks/marks.ts'
import { type Finding, finding } from '../finding.ts'
import type { HostSeen } from '../host.ts'

/** BR_MAX_PORTS of net/bridge/br_private.h, less one. */
const MOST = 1023
const NEARLY = 950

export const bridges = ({ links, attachments }: HostSeen): Finding[] => {
  const used = new Set([
    ...attachments.flatMap(({ bridge }) => bridge ?? []),
    ...attachments.map(({ owner }) => owner.network),
  ])
  return links
    .filter(({ type }) => type === 'bridge')
    .flatMap(({ name, alias }) => {
      const network = readNetworkAlias(alias)
      const ports = links.filter(({ master }) => master === name)
      if (network === undefined && !ports.some(one => one.alias.startsWith('vethwork:'))) return []
      if (ports.length >= NEARLY)
        return [
          finding('bridge-full', {
            object: name,
            what: `the bridge '${name}' has ${ports.length} of ${MOST} ports`,
            fix: 'use a second network for what comes now',
          }),
        ]
      const isUnused =
        network !== undefined &&
        !used.has(name) &&
        !used.has(network) &&
        !ports.some(one => isPlugOf(network, one.alias))
      return isUnused
        ? [
            finding('network-unused', {
              object: network,
              what: `network ${network}: its bridge '${name}' has no container`,
              fix: `vethwork prune --network ${network}`,
            }),
          ]
        : []
    })
}
