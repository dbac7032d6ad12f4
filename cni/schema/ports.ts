/** Published ports: fields of the reference `portmap` plugin, and what the runtime asks for. */

// biome-ignore lint/style/noRestrictedImports: one of the schemas
import * as v from 'valibot'
import { fields, flag, integer, texts } from './fields.ts'

export const ports = {
  snat: flag,
  masqAll: flag,
  markMasqBit: v.optional(integer(0, 31)),
  conditionsV4: v.optional(texts),
  conditionsV6: v.optional(texts),
}

const port = integer(1, 65535)

/** Of `capabilities.portMappings`. CRI sends hostPort 0 for a container's port that is not published. */
export const portMapping = fields({
  hostPort: v.optional(integer(0, 65535)),
  containerPort: port,
  protocol: v.optional(v.string()),
  hostIP: v.optional(v.string()),
  range: v.optional(port),
})
