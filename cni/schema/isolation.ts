/** Who may talk to whom: fields of the reference `firewall` plugin, anti-spoofing, security groups. */

// biome-ignore lint/style/noRestrictedImports: one of the schemas
import * as v from 'valibot'
import { fields, flag, record } from './fields.ts'

export const rule = fields({
  direction: v.optional(v.picklist(['ingress', 'egress'], "must be 'ingress' or 'egress'")),
  protocol: v.optional(v.string()),
  /** `80`, `8000-8010` */
  ports: v.optional(v.union([v.number(), v.string()])),
  remote: v.optional(v.string()),
  remoteGroup: v.optional(v.string()),
})

export const isolation = {
  ingressPolicy: v.optional(
    v.picklist(['', 'open', 'same-bridge', 'isolated'], "must be 'open', 'same-bridge' or 'isolated'"),
  ),
  macspoofchk: flag,
  ipspoofchk: flag,
  securityGroups: v.optional(record(v.array(rule))),
}
