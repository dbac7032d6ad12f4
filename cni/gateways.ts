/** Gateways that the runtime asks for: CNI_ARGS GATEWAY, as the reference `static` IPAM has it. Pure. */

import { formatCidr, parseAddress } from '../ipam/address.ts'
import { familyOf, overlaps } from '../ipam/cidr.ts'
import type { LeasedAddress } from '../ipam/lease.ts'
import type { RangeSet } from '../ipam/range.ts'
import type { Config } from './config.ts'
import { CniError, codes } from './errors.ts'
import { gatewaysIn, type Request } from './request.ts'

/** Each address with the gateway that was asked for in its subnet, if one was. */
export const withGateways = (request: Request, addresses: readonly LeasedAddress[]): LeasedAddress[] => {
  const asked = gatewaysIn(request.args).map(text => parseAddress(text).text)
  return addresses.map(one => {
    const gateway = asked.find(text => isIn(one.address, text))
    return gateway === undefined ? one : { ...one, gateway }
  })
}

/** @throws CniError(badEnvironment) for one of no subnet, and where the bridge is the gateway */
export const refuseGateways = (request: Request, { net }: Config, sets: readonly RangeSet[]): void => {
  const ranges = sets.flatMap(set => set.ranges)
  for (const text of gatewaysIn(request.args)) {
    const range = ranges.find(({ subnet }) => isIn(formatCidr(subnet), text))
    if (!range)
      throw refusal(
        `'${text}' is in no subnet of the network`,
        `give an address of ${ranges.map(({ subnet }) => formatCidr(subnet)).join(' or ')}`,
      )
    if (net.isGateway && parseAddress(text).text !== range.gateway.text)
      throw refusal(
        `'${text}' is not the network's gateway ${range.gateway.text}, which the bridge is`,
        'leave it out: it is for networks whose gateway is elsewhere',
      )
  }
}

const refusal = (words: string, remedy: string) =>
  new CniError(codes.badEnvironment, `CNI_ARGS GATEWAY ${words}`, remedy)

const isIn = (subnet: string, address: string) =>
  familyOf(subnet) === familyOf(address) &&
  overlaps(subnet, `${address}/${familyOf(address) === 4 ? 32 : 128}`)
