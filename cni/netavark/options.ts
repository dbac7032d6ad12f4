/** `podman network create --opt KEY=VALUE`: our fields as text, and podman's own words for some of them. Pure. */

import { CniError, codes } from '../errors.ts'
import { type Kind, kinds } from '../schema/kinds.ts'

/** Fields that podman's own object has, or that netavark calls decide. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  name: "is the network's own name",
  type: "is the network's driver",
  subnet: 'is given by --subnet',
  ipam: 'is given by --subnet, --ip-range, --gateway and --ipam-driver',
  cniVersion: 'is of CNI',
  cniVersions: 'is of CNI',
  capabilities: 'is of CNI',
  runtimeConfig: 'is of CNI',
  args: 'is of CNI',
  prevResult: 'is of CNI',
  disableCheck: 'is of CNI',
  disableGC: 'is of CNI',
}

/** What netavark's own drivers call it (podman-network-create(1)). */
const PODMAN: Readonly<Record<string, string>> = { parent: 'master', bclim: 'bcqueuelen' }

/** How this network leads out, beside our fields. */
export interface Ways {
  /** `no_default_route=true` */
  readonly withoutDefault: boolean
  /** Of the default route; undefined for the kernel's. */
  readonly metric?: number
}

export interface Options {
  /** Of our configuration, not validated yet. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly ways: Ways
}

/** @throws CniError(unsupportedField, badConfig) that names the option and its value */
export const parseOptions = (options: Readonly<Record<string, string>>): Options => {
  const { isolate, no_default_route, metric, ...rest } = options
  const known = kinds()
  const fields = Object.entries(rest).map(([key, value]) => {
    const field = PODMAN[key] ?? key
    const kind = known.get(field)
    if (Object.hasOwn(ELSEWHERE, field))
      throw refusal(codes.unsupportedField, key, value, `is no option: it ${ELSEWHERE[field]}`)
    // An unknown one goes on as text: the schema says what was probably meant.
    return [field, kind ? parsedAs(key, value, kind) : value] as const
  })
  return {
    fields: {
      ...Object.fromEntries(fields.filter(([field, value]) => field !== 'mode' || value !== 'bridge')),
      ...(isolate !== undefined && isIsolated(isolate) ? { ingressPolicy: 'same-bridge' } : {}),
    },
    ways: {
      withoutDefault: no_default_route !== undefined && flagOf('no_default_route', no_default_route),
      ...(metric === undefined ? {} : { metric: numberOf('metric', metric) }),
    },
  }
}

/** `strict` and `true` are one: what is secluded keeps out every other bridge that is. */
const isIsolated = (value: string) => value === 'strict' || flagOf('isolate', value)

const parsedAs = (key: string, value: string, kind: Kind): unknown => {
  switch (kind) {
    case 'flag':
      return flagOf(key, value)
    case 'number':
      return numberOf(key, value)
    case 'texts':
      return value.split(',').filter(Boolean)
    case 'json':
      return jsonOf(key, value)
    case 'text':
      return value
  }
}

const flagOf = (key: string, value: string) => {
  if (value === 'true' || value === '1') return true
  if (value === 'false' || value === '0') return false
  throw refusal(codes.badConfig, key, value, 'must be true or false')
}

const numberOf = (key: string, value: string) => {
  if (/^\d{1,15}$/.test(value)) return Number(value)
  throw refusal(codes.badConfig, key, value, 'must be a whole number')
}

const jsonOf = (key: string, value: string): unknown => {
  try {
    return JSON.parse(value)
  } catch {
    throw refusal(codes.badConfig, key, value, 'must be JSON, as in the configuration')
  }
}

const refusal = (code: number, key: string, value: string, reason: string) =>
  new CniError(code, `option ${key}: ${JSON.stringify(value)} ${reason}`, 'correct the option')
