/** Published ports as the runtime asks for them, to what the services read. Pure. */

import { AddressError, parseAddress } from '../ipam/address.ts'
import { familyOf } from '../ipam/cidr.ts'
import type { PortMapping } from '../src/services/wants.ts'
import { CniError, codes } from './errors.ts'
import type { RuntimeConfig } from './ipamconf.ts'

type Given = NonNullable<RuntimeConfig['portMappings']>[number]

/** @throws CniError(badConfig) that names the mapping, the field and the value */
export const parsePortMappings = (given: readonly Given[]): PortMapping[] => {
  const mappings: PortMapping[] = []
  for (const [n, one] of given.entries()) {
    const at = `runtimeConfig.portMappings[${n}]`
    const mapping = parseOne(one, at)
    if (!mapping || mappings.some(isSame(mapping))) continue
    const rival = mappings.find(contradicts(mapping))
    if (rival) throw twice(at, mapping, rival)
    mappings.push(mapping)
  }
  return mappings
}

/** hostPort 0 means that nothing is published: CRI sends it for every port of a container. */
const parseOne = (one: Given, at: string): PortMapping | undefined => {
  const { hostPort = 0, containerPort, protocol = 'tcp', hostIP = '', range = 1 } = one
  if (!hostPort) return undefined
  for (const [name, port] of [
    ['hostPort', hostPort],
    ['containerPort', containerPort],
  ] as const)
    if (port + range - 1 > 65535)
      throw bad(`${at}.range`, range, `leads from ${name} ${port} beyond 65535`, 'make it smaller')
  return {
    hostPort,
    containerPort,
    protocol: protocolOf(protocol, at),
    hostIP: hostIP && addressOf(hostIP, at),
    range,
  }
}

const protocols = ['tcp', 'udp', 'sctp'] as const

const protocolOf = (text: string, at: string) => {
  const found = protocols.find(one => one === text.toLowerCase())
  if (found) return found
  throw bad(`${at}.protocol`, text, `must be one of ${protocols.join(', ')}`, 'correct it')
}

const addressOf = (text: string, at: string) => {
  try {
    return parseAddress(text).text
  } catch (error) {
    if (!(error instanceof AddressError)) throw error
    throw bad(`${at}.hostIP`, text, error.message, "write one of the host's IP addresses, or leave it out")
  }
}

const isSame = (one: PortMapping) => (other: PortMapping) =>
  (Object.keys(one) as (keyof PortMapping)[]).every(key => one[key] === other[key])

/** The same port of the same address, led to two places. One address is more than all of them: it may lead elsewhere. */
const contradicts = (one: PortMapping) => (other: PortMapping) =>
  one.protocol === other.protocol &&
  isSamePlace(one.hostIP, other.hostIP) &&
  one.hostPort < other.hostPort + other.range &&
  other.hostPort < one.hostPort + one.range &&
  one.containerPort - one.hostPort !== other.containerPort - other.hostPort

const isWildcard = (hostIP: string) => ['', '0.0.0.0', '::'].includes(hostIP)

const isSamePlace = (one: string, other: string) =>
  isWildcard(one) && isWildcard(other) ? !one || !other || familyOf(one) === familyOf(other) : one === other

const twice = (at: string, one: PortMapping, other: PortMapping) => {
  const port = Math.max(one.hostPort, other.hostPort)
  const inside = ({ hostPort, containerPort }: PortMapping) => containerPort + port - hostPort
  return new CniError(
    codes.badConfig,
    `${at}: port ${port}/${one.protocol} of the host is to be port ${inside(other)} and port ${inside(one)} of the container`,
    'publish one of them by another hostPort',
  )
}

const bad = (field: string, value: unknown, reason: string, remedy: string) =>
  new CniError(codes.badConfig, `${field}: ${JSON.stringify(value)} ${reason}`, remedy)
