/** The JSON Schema of a configuration, made of the schemas that validate it: for editors, and for whoever wants to know. */

import { type ConversionConfig, type JsonSchema, toJsonSchema } from '@valibot/to-json-schema'
// biome-ignore lint/style/noRestrictedImports: one of the schemas
import type { GenericSchema } from 'valibot'
import { type Need, needs } from '../needs.ts'
import { NAME } from '../request.ts'
import { supportedVersions } from '../versions.ts'
import { groups, objects } from './descriptions.ts'
import { dns, route } from './fields.ts'
import { ipam, range } from './ipam.ts'
import { rule } from './isolation.ts'
import { args, bandwidth, label, network, runtimeConfig, runtimeDns, vlans } from './network.ts'
import { portMapping } from './ports.ts'

/** What is referred to by name; the names are those of the descriptions. */
const definitions = {
  range,
  route,
  dns,
  vlans,
  rule,
  label,
  portMapping,
  bandwidth,
  runtimeDns,
  ipam,
  runtimeConfig,
  'args.cni': args,
} satisfies Record<string, GenericSchema>

/** A field of somebody else's domain passes everywhere. */
const FOREIGN = { '^[^/]+\\.[^/]+/': {} }

const config: ConversionConfig = {
  target: 'draft-07',
  // Of an object the last part counts: the first only keeps lists out.
  typeMode: 'output',
  definitions,
  // In draft 07 they stand elsewhere.
  overrideRef: ({ referenceId }) => `#/definitions/${referenceId}`,
  overrideAction: ({ valibotAction, jsonSchema }) =>
    // fields() alone looks by itself: unknown ones are refused.
    valibotAction.type === 'raw_check'
      ? { ...jsonSchema, additionalProperties: false, patternProperties: FOREIGN }
      : undefined,
}

/** A file as runtimes read it: one plugin (.conf), or a list of plugins (.conflist). Draft 07, which editors know best. */
export const configurationSchema = (): JsonSchema => {
  const { $defs: made = {}, $schema, ...plain } = toJsonSchema(network, config)
  return {
    $schema,
    title: 'A network of vethwork',
    ...when(
      { required: ['plugins'] },
      { $ref: '#/definitions/list' },
      { required: ['name'], ...forOurs({ $ref: '#/definitions/network' }) },
    ),
    definitions: {
      list,
      plugin: { type: 'object', required: ['type'], ...forOurs({ $ref: '#/definitions/network' }) },
      network: networkSchema(plain),
      ...Object.fromEntries(
        Object.entries(made).map(([name, one]) => [name, worded(one as JsonSchema, objects[name] ?? {})]),
      ),
    },
  }
}

const when = (is: JsonSchema, then: JsonSchema, otherwise?: JsonSchema): JsonSchema => ({
  if: is,
  then,
  ...(otherwise ? { else: otherwise } : {}),
})

/** Another plugin's fields are not ours to judge. */
const forOurs = (schema: JsonSchema) => when({ properties: { type: { const: 'vethwork' } } }, schema)

const name = { type: 'string', pattern: NAME.source } as const
const cniVersion: JsonSchema = { enum: ['', ...supportedVersions] }
const flag = { type: 'boolean' } as const
const texts: JsonSchema = { type: 'array', items: { type: 'string' } }

/** Without what must be there: in a list the name stands above. */
const networkSchema = ({ required: _, ...plain }: JsonSchema): JsonSchema => {
  const properties = {
    ...plain.properties,
    name,
    cniVersion,
    // With another type it is another plugin's.
    ipam: {
      type: 'object',
      ...when({ properties: { type: { const: 'vethwork-ipam' } } }, { $ref: '#/definitions/ipam' }),
    },
    runtimeConfig: { $ref: '#/definitions/runtimeConfig' },
  } satisfies JsonSchema['properties']
  const words = Object.assign({}, ...Object.values(groups))
  return { ...worded({ ...plain, properties }, words), allOf: needs.map(needed) }
}

const needed = ({ modes, oneOf }: Need): JsonSchema =>
  when(
    { properties: { mode: { enum: [...modes] } }, required: ['mode'] },
    { anyOf: oneOf.map(field => ({ required: [field] })) },
  )

const list: JsonSchema = worded(
  {
    type: 'object',
    properties: {
      $schema: { type: 'string' },
      cniVersion,
      cniVersions: texts,
      name,
      disableCheck: flag,
      disableGC: flag,
      loadOnlyInlinedPlugins: flag,
      plugins: { type: 'array', minItems: 1, items: { $ref: '#/definitions/plugin' } },
    },
    required: ['name', 'plugins'],
  },
  { ...groups['Of the specification'], plugins: 'They are called in this order, and for DEL backwards' },
)

/** With its fields in words. Beside a $ref draft 07 knows nothing, so it is put around one. */
function worded(schema: JsonSchema, words: Readonly<Record<string, string>>): JsonSchema {
  const properties = Object.entries(schema.properties ?? {}).map(([field, given]) => {
    const one = given as JsonSchema
    const description = words[field]
    return [field, { ...(description ? { description } : {}), ...(one.$ref ? { allOf: [one] } : one) }]
  })
  return { ...schema, properties: Object.fromEntries(properties) }
}
