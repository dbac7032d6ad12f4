/** Results of ADD, in the shape of each version (specification, section 5 "Result types"). Pure. */

import { AddressError, formatCidr, parseAddress, parseCidr } from '../ipam/address.ts'
import { familyOf } from '../ipam/cidr.ts'
import type { Dns, Lease, Route } from '../ipam/lease.ts'
import type { Config } from './config.ts'
import { CniError, codes } from './errors.ts'
import { isObject } from './json.ts'
import { isAtLeast, parseVersion, type Version } from './versions.ts'

export interface Interface {
  readonly name: string
  readonly mac?: string
  readonly mtu?: number
  readonly sandbox?: string
  readonly socketPath?: string
  readonly pciID?: string
}

export interface Ip {
  readonly address: string
  readonly gateway?: string
  /** Which of `interfaces` has it. */
  readonly interface?: number
}

/** The newest shape; all others are made from it. */
export interface Result {
  readonly interfaces: readonly Interface[]
  readonly ips: readonly Ip[]
  readonly routes: readonly Route[]
  readonly dns: Dns
}

/** The JSON that goes to stdout. */
export const renderResult = ({ interfaces, ips, routes, dns }: Result, version: Version): object => {
  if (!isAtLeast(version, '0.3.0')) return renderOld({ interfaces, ips, routes, dns }, version)
  const newest = isAtLeast(version, '1.1.0')
  return {
    cniVersion: version,
    ...(interfaces.length
      ? { interfaces: interfaces.map(one => (newest ? one : pick(one, ['name', 'mac', 'sandbox']))) }
      : {}),
    ...(ips.length
      ? {
          ips: ips.map(ip =>
            isAtLeast(version, '1.0.0') ? ip : { version: String(familyOf(ip.address)), ...ip },
          ),
        }
      : {}),
    ...(routes.length ? { routes: routes.map(route => (newest ? route : pick(route, ['dst', 'gw']))) } : {}),
    dns,
  }
}

/** 0.1.0 and 0.2.0 know one address a family, and no interfaces. */
const renderOld = ({ ips, routes, dns }: Result, cniVersion: Version) => {
  const family = (wanted: 4 | 6) => {
    const ip = ips.find(({ address }) => familyOf(address) === wanted)
    if (!ip) return {}
    const mine = routes.filter(({ dst }) => familyOf(dst) === wanted).map(route => pick(route, ['dst', 'gw']))
    return {
      [`ip${wanted}`]: { ip: ip.address, gateway: ip.gateway, ...(mine.length ? { routes: mine } : {}) },
    }
  }
  return { cniVersion, ...family(4), ...family(6), dns }
}

/**
 * Reads a result of any version: a prevResult, or a delegate's answer.
 * @param what whose it is, for the error
 */
export const parseResult = (json: unknown, what: string, version?: Version): Result => {
  const bad = (field: string) => {
    throw new CniError(
      codes.decode,
      `${what}: ${field} is not as the specification has it`,
      'see section 5 of the CNI specification',
    )
  }
  if (!isObject(json)) return bad('the result')
  const own = json.cniVersion === undefined && version ? version : parseVersion(json.cniVersion)
  const list = (field: string, value: unknown): Record<string, unknown>[] => {
    if (value === undefined || value === null) return []
    return Array.isArray(value) && value.every(isObject) ? value : bad(field)
  }
  if (!isAtLeast(own, '0.3.0')) return parseOld(json, list)
  const ips = list('ips', json.ips)
  if (!ips.every(({ address }) => typeof address === 'string')) bad('ips')
  return {
    interfaces: list('interfaces', json.interfaces) as unknown as Interface[],
    ips: ips.map(ip => pick(ip, ['address', 'gateway', 'interface'])) as unknown as Ip[],
    routes: list('routes', json.routes) as unknown as Route[],
    dns: isObject(json.dns) ? json.dns : {},
  }
}

const parseOld = (
  json: Record<string, unknown>,
  list: (field: string, value: unknown) => Record<string, unknown>[],
): Result => {
  const families = [json.ip4, json.ip6].filter(isObject)
  return {
    interfaces: [],
    ips: families.map(({ ip, gateway }) => ({
      address: String(ip),
      ...(typeof gateway === 'string' ? { gateway } : {}),
    })),
    routes: families.flatMap(({ routes }) => list('routes', routes)) as unknown as Route[],
    dns: isObject(json.dns) ? json.dns : {},
  }
}

/**
 * What an IPAM plugin gave, in canonical spelling: it goes into commands.
 * @throws CniError(decode) for what is no address, route or number
 */
export const toLease = ({ ips, routes, dns }: Result, what: string): Lease => {
  const sound = <T>(field: string, value: unknown, parse: (text: string) => T): T => {
    try {
      return parse(String(value))
    } catch (error) {
      const reason = error instanceof AddressError ? error.message : 'is not what it must be'
      throw new CniError(
        codes.decode,
        `${what}: ${field}: ${JSON.stringify(value)} ${reason}`,
        'correct the plugin that gave it',
      )
    }
  }
  const host = (text: string) => parseAddress(text).text
  const cidr = (text: string) => formatCidr(parseCidr(text))
  const optional = <T>(field: string, value: unknown, parse: (text: string) => T) =>
    value === undefined || value === '' ? {} : { [field.split('.').at(-1)!]: sound(field, value, parse) }
  return {
    addresses: ips.map(({ address, gateway }, n) => ({
      address: sound(`ips[${n}].address`, address, cidr),
      ...optional(`ips[${n}].gateway`, gateway, host),
    })),
    routes: routes.map((route, n) => ({
      dst: sound(`routes[${n}].dst`, route.dst, cidr),
      ...optional(`routes[${n}].gw`, route.gw, host),
      ...Object.assign({}, ...METRICS.map(name => optional(`routes[${n}].${name}`, route[name], whole))),
    })),
    dns,
  }
}

const METRICS = ['mtu', 'advmss', 'priority', 'table', 'scope'] as const

const whole = (text: string) => {
  if (!/^\d{1,10}$/.test(text)) throw new AddressError('is no whole number')
  return Number(text)
}

/** A later plugin in a chain keeps what is there and adds to it. */
export const extend = (before: Result, added: Result): Result => ({
  interfaces: [...before.interfaces, ...added.interfaces],
  ips: [
    ...before.ips,
    ...added.ips.map(ip =>
      ip.interface === undefined ? ip : { ...ip, interface: ip.interface + before.interfaces.length },
    ),
  ],
  routes: [...before.routes, ...added.routes],
  dns: Object.keys(added.dns).length ? added.dns : before.dns,
})

/** IPAM's gives way as a whole to the configuration's, as with the reference; the runtime's goes above that, each for itself. */
export const dnsOf = ({ dns, runtimeConfig }: Pick<Config, 'dns' | 'runtimeConfig'>, leased: Dns): Dns => {
  const { servers = [], searches = [], options = [] } = runtimeConfig.dns ?? {}
  return {
    ...(Object.keys(dns).length ? dns : leased),
    ...(servers.length ? { nameservers: servers } : {}),
    ...(searches.length ? { search: searches } : {}),
    ...(options.length ? { options } : {}),
  }
}

/** Whether an entry of `interfaces` is the container's own end. */
export const isInside =
  (ifname: string) =>
  ({ name, sandbox }: Interface) =>
    name === ifname && Boolean(sandbox)

/** What of a result is one interface's: addresses that say nothing of theirs are taken for its own. */
export const ofInterface = ({ interfaces, ...rest }: Result, ifname: string): Result => ({
  ...rest,
  interfaces: interfaces.filter(isInside(ifname)),
  ips: rest.ips.filter(({ interface: at }) => at === undefined || interfaces[at]?.name === ifname),
})

const pick = (from: object, keys: readonly string[]) =>
  Object.fromEntries(
    Object.entries(from).filter(
      ([key, value]) => keys.includes(key) && value !== undefined && value !== null,
    ),
  )
