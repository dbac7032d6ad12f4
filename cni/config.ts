/** The configuration on stdin (specification, section 1): parsed, validated, defaulted and frozen once. */

import type { Mode, NetConf } from '../src/networks/network.ts'
import type { Wants } from '../src/services/wants.ts'
import { CniError, codes } from './errors.ts'
import { type Ipam, parseIpam, parseIpamConf, type RuntimeConfig } from './ipamconf.ts'
import { isObject } from './json.ts'
import { parseNetwork } from './netconf.ts'
import { type Personality, personalities } from './personality.ts'
import { isCniName } from './request.ts'
import { network as networkSchema, protocol, runtimeConfig as runtimeConfigSchema } from './schema/network.ts'
import { validate } from './schema/validate.ts'
import { withArgs } from './tuningconf.ts'
import { parseVersion, type Version } from './versions.ts'
import { wantsOf } from './wants.ts'

export interface Config {
  readonly cniVersion: Version
  readonly name: string
  /** As what we were called. */
  readonly plugin: string
  readonly net: NetConf
  readonly wants: Wants
  readonly ipam: Ipam
  /** `capabilities` of this attachment, with canonical names. */
  readonly runtimeConfig: RuntimeConfig
  /** `args.cni` */
  readonly args: Readonly<Record<string, unknown>>
  readonly dns: Readonly<Record<string, unknown>>
  readonly prevResult?: unknown
  /** GC: undefined when the key is missing or null. */
  readonly valid?: readonly { readonly containerID: string; readonly ifname: string }[]
  /** As it came, for delegates: no number loses a digit. */
  readonly text: string
}

/** Stdin as an object. @throws CniError(decode) */
export const decode = (text: string): Record<string, unknown> => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new CniError(
      codes.decode,
      `the configuration on stdin is not JSON: ${(error as Error).message}`,
      'send one network configuration as JSON on stdin',
    )
  }
  if (isObject(json)) return json
  throw new CniError(
    codes.decode,
    'the configuration on stdin is not a JSON object',
    'send one network configuration, not a list',
  )
}

/**
 * @param personality as what we were called: it says what the configuration may hold
 * @throws CniError that names every field that is wrong, its value, and what to do
 */
export const parseConfig = (
  text: string,
  { name: plugin, role, lenient, mode, defaults = {} }: Personality = personalities.vethwork,
): Config => {
  const raw = withoutNulls(decode(text))
  const cniVersion = parseVersion(raw.cniVersion)
  const { name } = raw
  if (typeof name !== 'string' || !isCniName(name))
    throw new CniError(
      codes.badConfig,
      `name: ${JSON.stringify(name)} is no name of a network`,
      'it must start with a letter or digit and hold only those and _ . -',
    )
  const valid = parseValid(raw)
  // An IPAM plugin gets the whole configuration of the plugin that called it: whatever fields that has.
  const own =
    role === 'network' ? { ...defaults, ...inOurTerms(raw, mode) } : pick(raw, Object.keys(protocol))
  const given = validate(networkSchema, withoutAttachments(own), '', lenient)
  const fields = plugin === 'tuning' ? withArgs(given) : given
  const runtimeConfig = validate(runtimeConfigSchema, canonical(fields.runtimeConfig ?? {}), 'runtimeConfig')
  const net = parseNetwork(name, fields)
  const config: Config = {
    cniVersion,
    name,
    plugin: plugin === 'vethwork' && net.mode === 'chained' ? 'vethwork-chained' : plugin,
    net,
    wants: wantsOf(fields, runtimeConfig, plugin),
    ipam:
      lenient && mode === 'chained'
        ? { kind: 'none' }
        : role === 'network'
          ? parseIpam(fields, runtimeConfig, lenient)
          : { kind: 'ours', conf: parseIpamConf(fields.ipam ?? {}, runtimeConfig, [], lenient) },
    runtimeConfig,
    args: isObject(fields.args?.cni) ? fields.args.cni : {},
    dns: fields.dns ?? {},
    prevResult: fields.prevResult,
    valid,
    text,
  }
  return deepFreeze(config)
}

/** The reference macvlan and ipvlan call their own sub-mode `mode`. */
const inOurTerms = (raw: Record<string, unknown>, mode: Mode | undefined) => {
  if (!mode) return raw
  const { mode: subMode, ...rest } = raw
  const own = mode === 'macvlan' || mode === 'ipvlan' ? { [`${mode}Mode`]: subMode } : {}
  return { ...rest, ...(subMode === undefined ? {} : own), mode }
}

/** What GC gets: the key of the specification, or the one that libcni wrote before it. */
const ATTACHMENTS = ['cni.dev/valid-attachments', 'cni.dev/attachments'] as const

const parseValid = (raw: Record<string, unknown>): Config['valid'] => {
  const key = ATTACHMENTS.find(one => raw[one] !== undefined)
  if (!key) return undefined
  const list = raw[key]
  const isAttachment = (one: unknown) =>
    isObject(one) && typeof one.containerID === 'string' && typeof one.ifname === 'string'
  if (!Array.isArray(list) || !list.every(isAttachment))
    throw new CniError(
      codes.badConfig,
      `${key}: must be a list of {containerID, ifname}`,
      'the runtime writes it',
    )
  return list
}

const withoutAttachments = (raw: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(raw).filter(([key]) => !ATTACHMENTS.some(one => one === key)))

/** Go, in which the runtimes are written, writes null for what is not set. */
const withoutNulls = (json: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(json)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, withoutNullsIn(value)]),
  )

const withoutNullsIn = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(withoutNullsIn) : isObject(value) ? withoutNulls(value) : value

/** What the objects that a runtime gives are made of. */
const keysOf: Readonly<Record<string, readonly string[]>> = {
  ipRanges: ['subnet', 'rangeStart', 'rangeEnd', 'gateway'],
  portMappings: ['hostPort', 'containerPort', 'protocol', 'hostIP', 'range'],
  bandwidth: ['ingressRate', 'ingressBurst', 'egressRate', 'egressBurst'],
  dns: ['servers', 'searches', 'options'],
}

const capabilities = [
  ...Object.keys(keysOf),
  'mac',
  'ips',
  'aliases',
  'deviceID',
  'cgroupPath',
  'securityGroups',
]

/** containerd writes all keys of runtimeConfig in its own case, and '' for what is not set. */
const canonical = (given: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const name = named(key, capabilities)
      return [name, within(name === 'ipRanges' ? rangeSets(value) : value, keysOf[name])]
    }),
  )

const named = (key: string, names: readonly string[]) =>
  names.find(one => one.toLowerCase() === key.toLowerCase()) ?? key

/** The same in an object, or in all of a list. */
const within = (value: unknown, names: readonly string[] | undefined): unknown => {
  if (!names) return value
  if (Array.isArray(value)) return value.map(one => within(one, names))
  if (!isObject(value)) return value
  const set = Object.entries(value).filter(([, one]) => one !== '')
  return Object.fromEntries(set.map(([key, one]) => [named(key, names), one]))
}

/** A flat list of ranges is one set. */
const rangeSets = (value: unknown) =>
  Array.isArray(value) && value.length && !Array.isArray(value[0]) ? [value] : value

const pick = (from: object, keys: readonly string[]) =>
  Object.fromEntries(Object.entries(from).filter(([key]) => keys.includes(key)))

const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const one of Object.values(value)) deepFreeze(one)
  }
  return value
}
