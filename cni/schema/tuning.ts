/** What is set in the container: fields of the reference `tuning` and `sbr` plugins. */

// biome-ignore lint/style/noRestrictedImports: one of the schemas
import * as v from 'valibot'
import { flag, integer, mac } from './fields.ts'

export const tuning = {
  sysctl: v.optional(v.record(v.string(), v.string())),
  mac: v.optional(mac),
  txQLen: v.optional(integer(0, 4294967295)),
  promisc: flag,
  allmulti: flag,
  sourceRouting: flag,
  table: v.optional(integer(0, 4294967295)),
}
