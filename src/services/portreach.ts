/** How a host reaches the containers of a network whose ports it publishes, and how their answers come back to it. */

import { familyOf } from '../../ipam/cidr.ts'
import type { NetConf } from '../networks/network.ts'
import type { HostPort } from '../plan/kinds/hostport.ts'
import { subnetsOf } from './masquerade.ts'
import type { Answers } from './portrules.ts'
import type { Endpoint } from './service.ts'
import type { PortMapping } from './wants.ts'

/** Why a port cannot be published, and what to do about it. */
export const obstacleOf = (
  { mode, isGateway, name }: NetConf,
  { hostIP }: PortMapping,
  hasFamily: boolean,
): HostPort['obstacle'] => {
  if (!isReachable({ mode, isGateway }))
    return {
      reason: `the host is not in network '${name}' (mode ${mode}) and reaches no container there`,
      remedy: 'set isGateway: true where the mode has it, or publish nothing: the outside reaches them there',
    }
  if (hostIP === '::1')
    return {
      reason: 'hostIP ::1: the kernel leads nothing from there to another interface',
      remedy: "use another of the host's addresses, or 127.0.0.1",
    }
  if (!hasFamily)
    return {
      reason: hostIP
        ? `hostIP ${hostIP} is IPv${familyOf(hostIP)}, and the container has no such address`
        : 'the container has no address',
      remedy: 'give it one, or leave hostIP out',
    }
  return undefined
}

/** A chained plugin is told of the network as little as portmap is. A flat network is the host's own. */
const isReachable = ({ mode, isGateway }: Pick<NetConf, 'mode' | 'isGateway'>) =>
  isGateway || mode === 'chained' || mode === 'flat'

/** The host is one of many in the containers' network, and their way out is another's. */
export const isBeside = ({ mode, isGateway }: NetConf) => mode === 'flat' && !isGateway

/** Where the host is not their way out, everybody's answers must be asked back to it. */
export const answersOf = (conf: NetConf, { addresses }: Endpoint): Answers | undefined => {
  if (conf.masqAll || isBeside(conf)) return { of: 'all' }
  return conf.snat ? { of: 'near', subnets: subnetsOf(addresses) } : undefined
}
