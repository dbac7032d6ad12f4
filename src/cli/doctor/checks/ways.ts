/** Interfaces of the host by which networks leave it. Pure. */

import { type Finding, finding } from '../finding.ts'
import type { HostSeen } from '../host.ts'
import { networksOf } from '../networks.ts'

export const underlays = (host: HostSeen): Finding[] =>
  networksOf(host).flatMap(({ name, masters }) =>
    masters.flatMap(master => {
      const link = host.links.find(one => one.name === master)
      if (!link) return []
      const common = { object: master }
      if (!link.up)
        return [
          finding('underlay-down', {
            ...common,
            what: `network ${name}: '${master}', by which it leaves this host, is down`,
            fix: `ip link set dev ${master} up`,
          }),
        ]
      if (link.operstate === 'UP' || link.operstate === 'UNKNOWN') return []
      return [
        finding('underlay-without-carrier', {
          ...common,
          what: `network ${name}: '${master}', by which it leaves this host, has no carrier (${link.operstate})`,
          fix: `plug its cable in; see \`ip -d link show dev ${master}\``,
        }),
      ]
    }),
  )
