/** What somebody told the host, or a bridge, of where containers are, for ever and wrongly. Pure. */

import { hostOf } from '../../../../ipam/cidr.ts'
import { type Finding, finding } from '../finding.ts'
import type { HostSeen } from '../host.ts'
import { networksOf } from '../networks.ts'

export const neighbours = (host: HostSeen): Finding[] => {
  const { attachments } = host
  const devs = new Map(
    networksOf(host).flatMap(({ name, gatewayDev }) => (gatewayDev ? [[gatewayDev, name] as const] : [])),
  )
  return host.neighbours.flatMap(({ dev, address, mac }) => {
    const network = devs.get(dev)
    if (network === undefined) return []
    const owner = attachments.find(
      one =>
        one.owner.network === network &&
        one.life !== 'gone' &&
        one.addresses.some(own => hostOf(own) === address),
    )
    if (!owner || owner.mac === mac) return []
    return [
      finding('stale-neighbour', {
        object: address,
        what: `the host was told for ever that ${address} is at ${mac}, and it is at ${owner.mac}`,
        fix: `ip neigh del ${address} dev ${dev}`,
      }),
    ]
  })
}

export const fdbEntries = ({ fdb, attachments, links }: HostSeen): Finding[] =>
  fdb.flatMap(({ dev, mac }) => {
    const owner = attachments.find(one => one.mac === mac && one.port !== undefined && one.life !== 'gone')
    const master = links.find(({ name }) => name === dev)?.master
    if (!owner || owner.port === dev || !master || master !== owner.bridge) return []
    return [
      finding('stale-fdb-entry', {
        object: dev,
        what: `the bridge '${master}' was told for ever that ${mac} is behind '${dev}', and it is behind '${owner.port}'`,
        fix: `bridge fdb del ${mac} dev ${dev} master`,
      }),
    ]
  })
