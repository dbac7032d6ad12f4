/** What is set in the container: fields of the reference `tuning` and `sbr` plugins. */

// biome-ignore lint/style/noRestrictedImports: one of the schemas
import * as v from 'valibot'
import { flag, integer, mac, record } from './fields.ts'

export const tuning = {
  sysctl: v.optional(record(v.string())),
  mac: v.optional(v.union([v.literal(''), mac], 'must be a unicast MAC address as 02:42:0a:16:00:02')),
  mtu: v.optional(
    v.union([v.literal(0), integer(68, 65535)], 'must be 0 or a whole number from 68 to 65535'),
  ),
  txQLen: v.optional(integer(0, 4294967295)),
  promisc: flag,
  allmulti: flag,
  sourceRouting: flag,
  table: v.optional(integer(0, 4294967295)),
}
