/** A configuration as a runtime would read it: what of it would be refused, and where that stands. */

import { type Config, parseConfig } from '../../../cni/config.ts'
import { refuseContradictions } from '../../../cni/contradictions.ts'
import { CniError } from '../../../cni/errors.ts'
import { isObject } from '../../../cni/json.ts'
import { type Personality, personalities, personalityOf } from '../../../cni/personality.ts'
import { isCniName } from '../../../cni/request.ts'
import { parseVersion } from '../../../cni/versions.ts'
import { parseRanges } from '../../../ipam/range.ts'
import { type Position, placeOf, type Scanned, scan } from './positions.ts'

export interface Finding extends Position {
  readonly severity: 'error' | 'warning'
  /** `plugins[0].ipam.subnet`; empty for the whole. */
  readonly field: string
  readonly message: string
  /** What to do about it. */
  readonly remedy: string
}

export const isList = (json: Record<string, unknown>) => json.plugins !== undefined

/** In the order in which they stand. */
export const check = (text: string): Finding[] => {
  const scanned = scan(text)
  if (scanned.wrong) {
    const { message, ...position } = scanned.wrong
    return [
      { ...position, severity: 'error', field: '', message: `no JSON: ${message}`, remedy: 'correct it' },
    ]
  }
  const json: unknown = JSON.parse(text)
  const finding = finder(scanned)
  if (!isObject(json)) return [finding('', 'must be a JSON object', 'write { "cniVersion": …, "name": … }')]
  const found = [
    ...scanned.doubles.map(field =>
      warning(finding(field, 'stands twice: the last one holds', 'remove one')),
    ),
    ...(isList(json) ? checkList(json, finding) : checkPlugin(json, '', finding)),
  ]
  return found.sort((a, b) => a.line - b.line || a.column - b.column)
}

type Finder = (field: string, message: string, remedy: string) => Finding

const finder =
  (scanned: Scanned): Finder =>
  (field, message, remedy) => {
    // One range may be written without the list, or as the network's `subnet`.
    const short = field.replace(/ipam\.ranges\[\d+\]\[\d+\]/, 'ipam')
    const shorter = field.replace(/ipam\.ranges\[\d+\]\[\d+\]\.subnet/, 'subnet')
    const written = [field, short, shorter].find(one => scanned.places.has(one)) ?? field
    return { ...placeOf(scanned, written), severity: 'error', field, message, remedy }
  }

const warning = (finding: Finding): Finding => ({ ...finding, severity: 'warning' })

/** A list of plugins (specification, section 1 "Configuration format"). */
const listKeys = [
  '$schema',
  'cniVersion',
  'cniVersions',
  'name',
  'disableCheck',
  'disableGC',
  'loadOnlyInlinedPlugins',
  'plugins',
]

const checkList = (json: Record<string, unknown>, finding: Finder): Finding[] => {
  const { name, cniVersion, plugins } = json
  if (!Array.isArray(plugins) || !plugins.length)
    return [
      finding(
        'plugins',
        'must be a list of at least one plugin',
        'write "plugins": [ { "type": "vethwork" } ]',
      ),
    ]
  const unknown = Object.keys(json).filter(key => !listKeys.includes(key))
  return [
    ...unknown.map(key =>
      warning(
        finding(
          key,
          'has no meaning here',
          `fields of a network stand in its plugin; here are ${listKeys.join(', ')}`,
        ),
      ),
    ),
    ...headOf(name, cniVersion, finding),
    ...plugins.flatMap((plugin, n) => {
      const at = `plugins[${n}]`
      if (!isObject(plugin)) return [finding(at, 'must be an object', 'write { "type": "vethwork" }')]
      return checkPlugin({ ...plugin, name: 'any', cniVersion: undefined }, at, finding)
    }),
  ]
}

const headOf = (name: unknown, cniVersion: unknown, finding: Finder): Finding[] => [
  ...(typeof name === 'string' && isCniName(name)
    ? []
    : [
        finding(
          'name',
          `${JSON.stringify(name)} is no name of a network`,
          'it must start with a letter or digit and hold only those and _ . -',
        ),
      ]),
  ...attempt(() => parseVersion(cniVersion)).map(({ message, details }) =>
    finding('cniVersion', message, details),
  ),
]

/** @param at its path in the file; empty for a file of one plugin */
const checkPlugin = (json: Record<string, unknown>, at: string, finding: Finder): Finding[] => {
  const { type } = json
  const inFile = (field: string) => [at, field].filter(Boolean).join('.').replace('.[', '[')
  if (typeof type !== 'string' || !type)
    return [finding(inFile('type'), 'type is missing', 'name the plugin: "type": "vethwork"')]
  // What other plugins take only they know.
  if (!Object.hasOwn(personalities, type)) return []
  return plainFaults(json, personalityOf(type)).flatMap(({ message, details }) =>
    complaints(message).map(({ field, words }) => finding(inFile(field), words, details)),
  )
}

/** What is wrong with fields by themselves, round by round, for one hides others; else what they are together. */
const plainFaults = (json: Record<string, unknown>, personality: Personality): CniError[] => {
  const parse = (fields: Record<string, unknown>) =>
    attempt(() => parseConfig(JSON.stringify(fields), personality))
  const found = parse(json)
  const rest = { ...json }
  for (let last = found[0]; last; ) {
    const known = complaints(last.message).map(({ field }) => field.split(/[.[]/)[0] ?? '')
    const wrong = known.filter(field => Object.hasOwn(rest, field))
    if (!wrong.length) break
    for (const field of wrong) delete rest[field]
    const [next] = parse(rest)
    if (next) found.push(next)
    last = next
  }
  return found.length ? found : attempt(() => refuseTogether(parseConfig(JSON.stringify(json), personality)))
}

const refuseTogether = ({ net, ipam }: Config) => {
  refuseContradictions(net, ipam)
  if (ipam.kind === 'ours') parseRanges(ipam.conf.ranges)
}

const attempt = (work: () => unknown): CniError[] => {
  try {
    work()
    return []
  } catch (error) {
    if (error instanceof CniError) return [error]
    throw error
  }
}

/** Messages are `FIELD: VALUE what is wrong`, several joined by `; `; of fields that exclude each other the first is named. */
const complaints = (message: string) =>
  message.split(/; (?=[A-Za-z][\w.[\]-]*: )/).map(words => {
    const [field = ''] = /^[A-Za-z][\w.-]*(\[\d+\]|\.[\w-]+)*(?=:|\s)/.exec(words) ?? []
    return { field, words: words.slice(field.length).replace(/^:? /, '') }
  })
