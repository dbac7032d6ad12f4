/** Of what kind each field of a network is: for those who have its values as text only. */

// biome-ignore lint/style/noRestrictedImports: one of the schemas
import type * as v from 'valibot'
import { network } from './network.ts'

export type Kind = 'flag' | 'number' | 'text' | 'texts' | 'json'

/** Fields of the network and its services, by name. */
export const kinds = (): ReadonlyMap<string, Kind> =>
  new Map(Object.entries(network.pipe[0].pipe[1].entries).map(([field, schema]) => [field, kindOf(schema)]))

const kindOf = (schema: v.GenericSchema | { readonly wrapped: v.GenericSchema }): Kind => {
  if ('wrapped' in schema) return kindOf(schema.wrapped)
  switch (schema.type) {
    case 'boolean':
      return 'flag'
    case 'number':
      return 'number'
    case 'string':
    case 'picklist':
      return 'text'
    case 'array':
      return 'item' in schema && (schema.item as v.GenericSchema).type === 'string' ? 'texts' : 'json'
    case 'union': {
      // `mtu` is 0 or a number of a range, `subnet` one or a list.
      const [first, second = first] = (schema as unknown as { options: v.GenericSchema[] }).options.map(
        kindOf,
      )
      return second ?? first ?? 'json'
    }
    default:
      return 'json'
  }
}
