/** What the runtime asks: the CNI_* variables (specification, section 2 "Parameters"). */

import { AddressError, parseAddress } from '../ipam/address.ts'
import { CniError, codes } from './errors.ts'
import { isInterfaceName, isMac } from './schema/fields.ts'

export const verbs = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION'] as const
export type Verb = (typeof verbs)[number]

export interface Request {
  readonly verb: Verb
  readonly containerId: string
  /** Empty where it may be: for DEL, and for verbs without a container. */
  readonly netns: string
  readonly ifname: string
  readonly args: Readonly<Record<string, string>>
  /** Directories in which delegates are looked for. */
  readonly path: readonly string[]
  /** The namespace may be our own. */
  readonly netnsOverride: boolean
}

interface Variable {
  readonly name: string
  readonly requiredFor: readonly Verb[]
  readonly check: (value: string) => string | undefined
}

const fine = () => undefined

const variables: readonly Variable[] = [
  {
    name: 'CNI_CONTAINERID',
    requiredFor: ['ADD', 'DEL', 'CHECK'],
    check: value =>
      isCniName(value) ? undefined : 'must start with a letter or digit and hold only those and _ . -',
  },
  {
    name: 'CNI_NETNS',
    requiredFor: ['ADD', 'CHECK'],
    check: value =>
      /^\/[\w./:@+=,%~-]*$/.test(value)
        ? undefined
        : 'must be the absolute path of a network namespace, of letters, digits and _ . / : @ + = , % ~ -',
  },
  {
    name: 'CNI_IFNAME',
    requiredFor: ['ADD', 'DEL', 'CHECK'],
    check: value =>
      isInterfaceName(value)
        ? undefined
        : "must be 1 to 15 letters, digits and _ . @ = , ~ -, and not '.' or '..'",
  },
  { name: 'CNI_PATH', requiredFor: ['ADD', 'DEL', 'CHECK', 'GC'], check: fine },
]

/** Container IDs and network names (specification, sections 1 and 2). */
/** Of a network, a container, a plugin. */
export const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/

export const isCniName = (text: string) => NAME.test(text)

/** @throws CniError(badEnvironment) that names every variable that is missing or wrong */
export const parseRequest = (env: Readonly<Record<string, string | undefined>>): Request => {
  const verb = verbs.find(one => one === env.CNI_COMMAND)
  if (!verb)
    throw new CniError(
      codes.badEnvironment,
      `CNI_COMMAND '${env.CNI_COMMAND}' is unknown`,
      `it must be one of ${verbs.join(', ')}`,
    )
  const wrong =
    verb === 'VERSION'
      ? []
      : variables.flatMap(variable => complaint(variable, verb, env[variable.name] ?? ''))
  if (wrong.length)
    throw new CniError(codes.badEnvironment, wrong.join('; '), 'the runtime sets these variables')
  return {
    verb,
    containerId: env.CNI_CONTAINERID ?? '',
    netns: env.CNI_NETNS ?? '',
    ifname: env.CNI_IFNAME ?? '',
    args: verb === 'VERSION' ? {} : parseArgs(env.CNI_ARGS ?? ''),
    path: (env.CNI_PATH ?? '').split(':').filter(Boolean),
    netnsOverride: isTrue(env.CNI_NETNS_OVERRIDE ?? ''),
  }
}

const complaint = ({ name, requiredFor, check }: Variable, verb: Verb, value: string): string[] => {
  if (!value) return requiredFor.includes(verb) ? [`${name} is missing: ${verb} needs it`] : []
  // What a verb does not need is not looked at: podman sends CNI_NETNS=dummy.
  if (!requiredFor.includes(verb) && !(verb === 'DEL' && name === 'CNI_NETNS')) return []
  const wrong = check(value)
  return wrong ? [`${name} '${value}' ${wrong}`] : []
}

const known = [
  'IP',
  'MAC',
  'GATEWAY',
  'K8S_POD_NAMESPACE',
  'K8S_POD_NAME',
  'K8S_POD_INFRA_CONTAINER_ID',
  'K8S_POD_UID',
  'SECURITY_GROUPS',
]

/** `K=V;K2=V2` (CONVENTIONS.md "CNI_ARGS"). */
const parseArgs = (text: string): Record<string, string> => {
  const pairs = text
    .split(';')
    .filter(Boolean)
    .map(pair => {
      const at = pair.indexOf('=')
      if (at < 1)
        throw new CniError(
          codes.badEnvironment,
          `CNI_ARGS '${pair}' is not KEY=VALUE`,
          'write CNI_ARGS as K=V;K2=V2',
        )
      return [pair.slice(0, at), pair.slice(at + 1)] as const
    })
  const args = Object.fromEntries(pairs)
  const strangers = pairs.map(([key]) => key).filter(key => !known.includes(key) && key !== 'IgnoreUnknown')
  if (strangers.length && !isTrue(args.IgnoreUnknown ?? ''))
    throw new CniError(
      codes.badEnvironment,
      `CNI_ARGS has unknown keys: ${strangers.join(', ')}`,
      'remove them, or add IgnoreUnknown=1',
    )
  if (args.MAC !== undefined && !isMac(args.MAC))
    throw new CniError(
      codes.badEnvironment,
      `CNI_ARGS MAC '${args.MAC}' is not a unicast MAC address`,
      'write it as 02:42:0a:16:00:02',
    )
  for (const gateway of gatewaysIn(args)) refuseNoAddress(gateway)
  return args
}

/** CNI_ARGS GATEWAY: one address, or several separated by commas. */
export const gatewaysIn = (args: Request['args']) => (args.GATEWAY ?? '').split(',').filter(Boolean)

const refuseNoAddress = (gateway: string) => {
  try {
    parseAddress(gateway)
  } catch (error) {
    if (!(error instanceof AddressError)) throw error
    throw new CniError(
      codes.badEnvironment,
      `CNI_ARGS GATEWAY '${gateway}' ${error.message}`,
      'write an address as 10.1.0.1, several separated by commas',
    )
  }
}

const isTrue = (text: string) => text === '1' || text.toLowerCase() === 'true'
