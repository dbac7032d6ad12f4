/** The fields of a configuration as people look them up: what may stand there, what holds without, in words. Pure. */

import type { JsonSchema } from '@valibot/to-json-schema'
import { parseNetwork } from '../../../cni/netconf.ts'
import { groups, objects } from '../../../cni/schema/descriptions.ts'
import { configurationSchema } from '../../../cni/schema/jsonschema.ts'
import type { NetConf } from '../../networks/network.ts'

export interface FieldRow {
  readonly field: string
  /** `true or false`, `1-4094`, `list of strings` … */
  readonly values: string
  /** What holds where it is silent; empty for nothing. By mode, if modes differ. */
  readonly otherwise: string
  readonly words: string
}

export interface FieldTable {
  readonly title: string
  readonly rows: readonly FieldRow[]
}

/** Objects in fields, and under which heading they stand. */
const titles: Readonly<Record<string, string>> = {
  ipam: 'ipam',
  range: 'A range of ipam.ranges',
  route: 'A route of ipam.routes',
  dns: 'dns',
  vlans: 'An entry of vlanTrunk',
  rule: 'A rule of a security group',
  runtimeConfig: 'runtimeConfig',
  portMapping: 'A port mapping of runtimeConfig.portMappings',
  bandwidth: 'runtimeConfig.bandwidth',
  runtimeDns: 'runtimeConfig.dns',
  'args.cni': 'args.cni',
  label: 'A label of args.cni.labels',
}

/** Of a network by what they are about, then those of the objects inside of them. */
export const fieldTables = (): FieldTable[] => {
  const { definitions = {} } = configurationSchema()
  const rowsOf = (name: string, of: Readonly<Record<string, string>>): FieldRow[] => {
    const { properties = {}, required = [] } = definitions[name] as JsonSchema
    return Object.entries(of).map(([field, words]) => ({
      field,
      values: valuesOf(properties[field] as JsonSchema),
      otherwise: required.includes(field) || field === 'name' ? 'required' : defaultOf(name, field),
      words,
    }))
  }
  return [
    ...Object.entries(groups).map(([title, words]) => ({ title, rows: rowsOf('network', words) })),
    ...Object.entries(titles).map(([name, title]) => ({ title, rows: rowsOf(name, objects[name] ?? {}) })),
  ]
}

/** What may stand there. */
const valuesOf = (schema: JsonSchema): string => {
  const { type, allOf, anyOf, items, minimum, maximum, pattern } = schema
  const choices = schema.enum?.filter(one => one !== '')
  if (schema.const !== undefined) return schema.const === '' ? '' : JSON.stringify(schema.const)
  if (choices) return choices.join(', ')
  const refers = schema.$ref ?? (allOf?.[0] as JsonSchema | undefined)?.$ref
  if (refers) return refers.replace('#/definitions/', '')
  if (anyOf)
    return anyOf
      .map(one => valuesOf(one as JsonSchema))
      .filter(Boolean)
      .join(' or ')
  if (type === 'array') return `list of ${plural(valuesOf(items as JsonSchema))}`
  if (type === 'boolean') return 'true, false'
  if (type === 'integer')
    return maximum === undefined ? `whole number from ${minimum}` : `${minimum}-${maximum}`
  if (type === 'string') return pattern && shapes[pattern] ? shapes[pattern] : 'string'
  if (type === 'object' && schema.additionalProperties)
    return `object of ${plural(valuesOf(schema.additionalProperties as JsonSchema))}`
  return String(type ?? 'anything')
}

const plural = (words: string) =>
  words === 'true, false'
    ? 'booleans'
    : words.replace(/^(list|string|range|route|rule|label|portMapping)\b/, '$1s')

const shapes: Readonly<Record<string, string>> = { '^\\d{1,8}-\\d{1,8}$': 'FIRST-LAST' }

/** Of networks that people make; `''` is the plain bridge. */
const shown = [undefined, 'nat', 'local', 'flat', 'vlan', 'vxlan', 'gre'] as const

const defaultOf = (object: string, field: string): string => {
  if (object !== 'network' || field === 'mode') return ''
  const [plain = '', ...others] = shown.map(mode =>
    text(parseNetwork('NAME', { name: 'NAME', mode })[field as keyof NetConf]),
  )
  const [other, ...more] = new Set(others.filter(one => one !== plain))
  if (other === undefined) return plain
  if (more.length) throw new Error(`${field} has more than two defaults: show them`)
  const of = shown.slice(1).filter((_, n) => others[n] === other)
  return of.length === others.length
    ? `${plain}; with a mode ${other}`
    : `${plain}; of ${of.join(', ')} ${other}`
}

/** 0, '' and an empty list stand for what is not said. */
const text = (value: unknown): string =>
  value === undefined || value === '' || value === 0 || typeof value === 'object' ? '' : String(value)
