/** The network's part of the configuration, with defaults by mode. */

import { AddressError, parseAddress } from '../ipam/address.ts'
import { networkOf } from '../ipam/cidr.ts'
import { networks } from '../src/networks/index.ts'
import { bridgeName } from '../src/networks/marks.ts'
import type { Mode, NetConf } from '../src/networks/network.ts'
import { parseConditions } from './conditions.ts'
import { CniError, codes } from './errors.ts'
import { parseGroups } from './groups.ts'
import type { network as schema } from './schema/network.ts'
import type { validate } from './schema/validate.ts'
import { silentServices } from './servicesconf.ts'

export type Fields = ReturnType<typeof validate<typeof schema>>

const silent = {
  ...silentServices,
  isGateway: false,
  isDefaultGateway: false,
  forceAddress: false,
  ipMasq: false,
  ipMasqBackend: 'nftables',
  mtu: 0,
  hairpinMode: false,
  promiscMode: false,
  enabledad: false,
  portIsolation: false,
  disableContainerInterface: false,
  vlan: 0,
  vlanTrunk: [],
  preserveDefaultVlan: true,
  master: '',
  physicalNetwork: '',
  vlanId: 0,
  vlanIdRange: '',
  vni: 0,
  vniRange: '',
  key: 0,
  local: '',
  group: '',
  peers: [],
  port: 4789,
  learning: true,
  txChecksum: undefined,
  macvlanMode: 'bridge',
  bcqueuelen: 0,
  ipvlanMode: 'l2',
  linkInContainer: false,
  anycastGateway: false,
  gatewayHost: '',
  hostSeed: '',
} as const

/** @throws CniError(badConfig) for addresses that are none */
export const parseNetwork = (name: string, fields: Fields): NetConf => {
  const mode: Mode = fields.mode ?? 'bridge'
  const known = ['bridge', ...Object.keys(silent)].filter(field => field !== 'hostSeed')
  const given = Object.entries(fields).filter(
    ([field, value]) => known.includes(field) && value !== undefined,
  )
  const all: NetConf = {
    ...silent,
    bridge: bridgeName(name),
    ...networks[mode].defaults(name),
    ...Object.fromEntries(given),
    name,
    mode,
  }
  return {
    ...all,
    ...securityGroupsOf(fields),
    ...conditionsOf(fields),
    mac: all.mac.toLowerCase(),
    isGateway: all.isGateway || all.isDefaultGateway || all.anycastGateway || all.gatewayHost !== '',
    vlanTrunk: trunk(fields.vlanTrunk ?? []),
    local: all.local && canonical('local', all.local),
    group: all.group && canonical('group', all.group),
    peers: all.peers.map((peer, n) => canonical(`peers[${n}]`, peer)),
    unshapedSubnets: subnets('unshapedSubnets', all.unshapedSubnets),
    shapedSubnets: subnets('shapedSubnets', all.shapedSubnets),
  }
}

const conditionsOf = ({ conditionsV4 = [], conditionsV6 = [] }: Fields) => ({
  conditionsV4: parseConditions('conditionsV4', 4, conditionsV4),
  conditionsV6: parseConditions('conditionsV6', 6, conditionsV6),
})

/** Rules as the services read them. */
const securityGroupsOf = ({ securityGroups }: Fields): Pick<NetConf, 'securityGroups'> =>
  securityGroups ? { securityGroups: parseGroups(securityGroups) } : {}

/** Each ID that the list of single IDs and ranges names, once. */
const trunk = (list: readonly { id?: number; minID?: number; maxID?: number }[]): number[] => {
  const ids = list.flatMap(({ id, minID, maxID }, n) => {
    const isEmpty = id === undefined && minID === undefined
    if (isEmpty || (minID === undefined) !== (maxID === undefined) || (minID ?? 0) > (maxID ?? 0))
      throw new CniError(
        codes.badConfig,
        `vlanTrunk[${n}]: minID ${minID} and maxID ${maxID} are no range`,
        'give both, the smaller first',
      )
    const range = minID && maxID ? Array.from({ length: maxID - minID + 1 }, (_, i) => minID + i) : []
    return id ? [id, ...range] : range
  })
  return [...new Set(ids)].sort((a, b) => a - b)
}

const canonical = (field: string, value: string) =>
  understood(field, value, 'write an IP address', () => parseAddress(value).text)

const subnets = (field: string, list: readonly string[]) =>
  list.map((one, n) =>
    understood(`${field}[${n}]`, one, 'write a subnet as 10.22.0.0/24', () => networkOf(one)),
  )

const understood = (field: string, value: string, remedy: string, read: () => string) => {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof AddressError)) throw error
    throw new CniError(codes.badConfig, `${field}: ${JSON.stringify(value)} ${error.message}`, remedy)
  }
}
