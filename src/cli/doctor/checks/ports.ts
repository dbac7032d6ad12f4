/** Ports of the host that a container publishes and a process waits at. Pure. */

import { familyOf } from '../../../../ipam/cidr.ts'
import { isHeardBy } from '../../../plan/kinds/hostport.ts'
import { ownerWords } from '../../words.ts'
import { type Finding, finding } from '../finding.ts'
import type { HostSeen } from '../host.ts'

export const listened = ({ listeners, attachments }: HostSeen): Finding[] =>
  attachments.flatMap(({ owner, wants, life }) =>
    life === 'gone'
      ? []
      : wants.ports.flatMap(({ hostPort, hostIP, protocol, range }) =>
          listeners
            .filter(one =>
              one.families.some(
                family =>
                  (!hostIP || familyOf(hostIP) === family) &&
                  isHeardBy(one, {
                    family,
                    address: isAny(hostIP) ? '' : hostIP,
                    protocol,
                    port: hostPort,
                    count: range,
                  }),
              ),
            )
            // A runtime's own process may hold the port for the container, as podman's conmon does.
            .filter(({ process }) => !process?.command.includes(owner.containerId))
            .map(({ port, process }) =>
              finding('port-listened-on', {
                object: `${port}/${protocol}`,
                what: `${process ? `${process.name} (pid ${process.pid})` : 'a process'} waits at port ${port}/${protocol} of the host, which leads to container ${ownerWords(owner)}`,
                fix: `stop it, or publish another port; see \`ss -l${protocol === 'udp' ? 'u' : 't'}np sport = :${port}\``,
              }),
            ),
        ),
  )

const isAny = (address: string) => !address || address === '0.0.0.0' || address === '::'
