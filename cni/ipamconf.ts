/** The `ipam` section of the configuration, and what of it the runtime asks for. */

import { AddressError, firstOf, formatCidr, parseAddress, parseCidr } from '../ipam/address.ts'
import type { IpamConf, RangeConf } from '../ipam/lease.ts'
import type { Rates } from '../src/services/wants.ts'
import { CniError, codes } from './errors.ts'
import type { Fields } from './netconf.ts'
import { isCniName } from './request.ts'
import { ipam as ipamSchema } from './schema/ipam.ts'
import { validate } from './schema/validate.ts'

export const IPAM_TYPE = 'vethwork-ipam'

/** What IPAM a network has: ours, another program, or none (a plain cable). */
export type Ipam =
  | { readonly kind: 'ours'; readonly conf: IpamConf }
  | { readonly kind: 'delegate'; readonly type: string }
  | { readonly kind: 'none' }

/** What containerd and CRI-O pass on of a pod, if `capabilities` asks for it. */
export const POD_ANNOTATIONS = 'io.kubernetes.cri.pod-annotations'

/** `capabilities` of one attachment (CONVENTIONS.md), as the schema lets them pass. */
export interface RuntimeConfig {
  readonly mac?: string
  readonly ips?: readonly string[]
  readonly ipRanges?: readonly (readonly RangeConf[])[]
  readonly portMappings?: readonly {
    readonly hostPort?: number
    readonly containerPort: number
    readonly protocol?: string
    readonly hostIP?: string
    readonly range?: number
  }[]
  readonly bandwidth?: Partial<Rates>
  readonly dns?: {
    readonly servers?: readonly string[]
    readonly searches?: readonly string[]
    readonly options?: readonly string[]
  }
  readonly aliases?: readonly string[]
  readonly securityGroups?: readonly string[]
  readonly [POD_ANNOTATIONS]?: Readonly<Record<string, string>>
}

/** Ours if there is a section or a `subnet` without another type. */
export const parseIpam = (fields: Fields, runtime: RuntimeConfig, lenient: boolean): Ipam => {
  const { ipam, subnet } = fields
  const type = ipam?.type ?? (subnet !== undefined || (ipam && Object.keys(ipam).length) ? IPAM_TYPE : '')
  if (!type) {
    return { kind: 'none' }
  }
  if (type !== IPAM_TYPE) {
    if (subnet !== undefined)
      throw new CniError(
        codes.badConfig,
        `subnet: ${JSON.stringify(subnet)} has no meaning with ipam.type "${type}"`,
        'write it into the ipam section',
      )
    return { kind: 'delegate', type: parseType(type) }
  }
  return { kind: 'ours', conf: parseIpamConf(ipam ?? {}, runtime, [subnet ?? []].flat(), lenient) }
}

/** @throws CniError(badConfig) for a name that leads out of CNI_PATH */
const parseType = (type: string) => {
  if (isCniName(type)) return type
  throw new CniError(
    codes.badConfig,
    `ipam.type: ${JSON.stringify(type)} is no name of a plugin`,
    'give the name of an executable in CNI_PATH',
  )
}

/** The built-in IPAM's section; also the whole of its configuration when it is called on its own. */
export const parseIpamConf = (
  section: unknown,
  { ipRanges }: RuntimeConfig,
  subnets: readonly string[],
  lenient: boolean,
): IpamConf => {
  const {
    subnet,
    rangeStart,
    rangeEnd,
    gateway,
    ranges = [],
    routes = [],
    resolvConf,
    dataDir,
  } = validate(ipamSchema, section, 'ipam', lenient)
  const inline = subnet === undefined ? [] : [[{ subnet, rangeStart, rangeEnd, gateway }]]
  // As host-local: those of the runtime come first.
  const all = [...(ipRanges ?? []), ...inline, ...ranges, ...subnets.map(one => [{ subnet: one }])]
  routes.forEach(({ dst, gw }, n) => {
    check(`ipam.routes[${n}].dst`, dst, refuseHostBits)
    if (gw !== undefined) check(`ipam.routes[${n}].gw`, gw, parseAddress)
  })
  return { ranges: all, routes, resolvConf, dataDir }
}

const refuseHostBits = (text: string) => {
  const cidr = parseCidr(text)
  const network = formatCidr({ ...cidr, address: firstOf(cidr) })
  if (network !== formatCidr(cidr)) throw new AddressError(`has host bits; did you mean ${network}?`)
}

const check = (field: string, value: string, parse: (text: string) => unknown) => {
  try {
    parse(value)
  } catch (error) {
    if (!(error instanceof AddressError)) throw error
    throw new CniError(
      codes.badConfig,
      `${field}: ${JSON.stringify(value)} ${error.message}`,
      'write a subnet as 10.1.0.0/16 and an address as 10.1.0.1',
    )
  }
}
