/** The `ipam` section of the built-in IPAM: host-local's fields. Shape only; addresses are ipam/range.ts's. */

// biome-ignore lint/style/noRestrictedImports: one of the schemas
import * as v from 'valibot'
import { fields, route } from './fields.ts'

const entries = {
  subnet: v.string(),
  rangeStart: v.optional(v.string()),
  rangeEnd: v.optional(v.string()),
  gateway: v.optional(v.string()),
}

export const range = fields(entries)

export const ipam = fields({
  type: v.optional(v.string()),
  // The old way to write one range.
  ...entries,
  subnet: v.optional(v.string()),
  ranges: v.optional(v.array(v.array(range))),
  routes: v.optional(v.array(route)),
  resolvConf: v.optional(v.string()),
  dataDir: v.optional(v.pipe(v.string(), v.startsWith('/', 'must be an absolute path'))),
})

/** What may be requested at run time; the same from runtimeConfig, `args.cni` and CNI_ARGS. */
export const ipRanges = v.array(v.array(range))
