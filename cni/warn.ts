/** Said on stderr, for the runtime's log: what does not keep ADD from succeeding, but its container from being reached. */

import { surroundingsOf } from '../src/linux/surroundings.ts'
import { warning } from '../src/linux/trace.ts'
import type { NetConf } from '../src/networks/network.ts'
import type { Observed } from '../src/plan/observed.ts'
import { passageOf } from '../src/services/coexistence.ts'
import { findings, inOneLine } from '../src/services/findings.ts'
import type { Endpoint } from '../src/services/service.ts'

/** @param seen before ADD did what it could about it */
export const warn = async (net: NetConf, endpoint: Endpoint, seen: Observed): Promise<void> => {
  const way = passageOf(net, endpoint)
  if (!way) return
  const { zones } = seen.firewalls
  // firewalld was told: whether it listened shows in its rules alone.
  const wasTold = zones && way.bridge && !zones.has(way.bridge)
  const surroundings = await surroundingsOf(way, wasTold ? undefined : seen)
  for (const finding of findings(surroundings))
    if (finding.weight !== 'explains') warning(`network '${net.name}': ${inOneLine(finding)}`)
}
