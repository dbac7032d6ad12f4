/** What every schema of ours is made of. valibot validates; the words are ours. */

import { distance } from 'fastest-levenshtein'
// biome-ignore lint/style/noRestrictedImports: one of the schemas
import * as v from 'valibot'

/** valibot by itself takes a list for an object. */
const noList = v.custom<object>(
  value => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object',
)

/** An object with these fields, and maybe more. */
export const object = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.pipe(noList, v.looseObject(entries))

/** An object whose keys are names of somebody's choice. */
export const record = <Value extends v.GenericSchema>(value: Value) =>
  v.pipe(noList, v.record(v.string(), value))

/** An object whose unknown fields are named, with the field that was probably meant. */
export const fields = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.pipe(
    object(entries),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return
      const input = dataset.value as Record<string, unknown>
      for (const key of Object.keys(input).filter(key => !Object.hasOwn(entries, key) && !isForeign(key)))
        addIssue({
          message: UNKNOWN + suggestion(key, Object.keys(entries)),
          path: [{ type: 'object', origin: 'key', input, key, value: input[key] }],
        })
    }),
  )

/** How the message of an unknown field begins: where another plugin's fields are let pass, so is it. */
export const UNKNOWN = 'is unknown'

/** A field of somebody else's domain, as `example.com/x`, is none of our business. */
const isForeign = (key: string) => /^[^/]+\.[^/]+\//.test(key)

const suggestion = (key: string, known: readonly string[]) => {
  const [best] = known
    .map(name => ({ name, far: distance(key.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)
  return best && best.far <= Math.max(2, key.length / 3)
    ? `; did you mean '${best.name}'?`
    : `; known are ${known.join(', ')}`
}

export const flag = v.optional(v.boolean())

/** An integer from `min` to `max`, both included. valibot's own checks: the JSON Schema is made of them. */
export const integer = (min: number, max: number) => {
  const message = `must be a whole number from ${min} to ${max}`
  return v.pipe(v.number(), v.integer(message), v.minValue(min, message), v.maxValue(max, message))
}

/**
 * A name of a Linux interface: of what the kernel takes (dev_valid_name() in net/core/dev.c) all
 * that has no meaning of its own in a line of `ip` or `nft`, as quotes, `*` and `+` have.
 */
const INTERFACE_NAME = /^(?!-|\.{1,2}$)[\w.@=,~-]{1,15}$/

export const interfaceName = v.pipe(
  v.string(),
  v.regex(
    INTERFACE_NAME,
    "must be an interface's name: 1 to 15 letters, digits and _ . @ = , ~ -, not '.' or '..'",
  ),
)

export const isInterfaceName = (name: string) => INTERFACE_NAME.test(name)

/** The lowest bit of the first byte is that of groups. No flag: a JSON Schema has none. */
const MAC = /^[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}$/

export const isMac = (text: string) => MAC.test(text)

export const mac = v.pipe(v.string(), v.regex(MAC, 'must be a unicast MAC address as 02:42:0a:16:00:02'))

const text = v.string()
export const texts = v.array(text)

export const route = fields({
  dst: text,
  gw: v.optional(text),
  mtu: v.optional(integer(0, 65535)),
  advmss: v.optional(integer(0, 65535)),
  priority: v.optional(integer(0, 4294967295)),
  table: v.optional(integer(0, 4294967295)),
  scope: v.optional(integer(0, 255)),
})

export const dns = fields({
  nameservers: v.optional(texts),
  domain: v.optional(text),
  search: v.optional(texts),
  options: v.optional(texts),
})
