/** Rates: fields of the reference `bandwidth` plugin, the same in the configuration and from the runtime. */

// biome-ignore lint/style/noRestrictedImports: one of the schemas
import * as v from 'valibot'
import { texts } from './fields.ts'

const WHOLE = 'must be a whole number of bits, 0 or more'
const bits = v.optional(v.pipe(v.number(), v.integer(WHOLE), v.minValue(0, WHOLE)))

export const rates = { ingressRate: bits, ingressBurst: bits, egressRate: bits, egressBurst: bits }

export const shaping = {
  ...rates,
  unshapedSubnets: v.optional(texts),
  shapedSubnets: v.optional(texts),
}
