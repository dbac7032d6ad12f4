/** What every schema of ours is made of. valibot validates; the words are ours. */

import { distance } from 'fastest-levenshtein'
// biome-ignore lint/style/noRestrictedImports: one of the schemas
import * as v from 'valibot'

/** An object with these fields, and maybe more. valibot by itself takes a list for one. */
export const object = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.pipe(
    v.custom<object>(
      value => typeof value === 'object' && value !== null && !Array.isArray(value),
      'must be an object',
    ),
    v.looseObject(entries),
  )

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

/** An integer from `min` to `max`, both included. */
export const integer = (min: number, max: number) =>
  v.pipe(
    v.number(),
    v.check(
      value => Number.isInteger(value) && value >= min && value <= max,
      `must be a whole number from ${min} to ${max}`,
    ),
  )

/**
 * A name of a Linux interface: of what the kernel takes (dev_valid_name() in net/core/dev.c) all
 * that has no meaning of its own in a line of `ip` or `nft`, as quotes, `*` and `+` have.
 */
export const interfaceName = v.pipe(
  v.string(),
  v.check(
    isInterfaceName,
    "must be an interface's name: 1 to 15 letters, digits and _ . @ = , ~ -, not '.' or '..'",
  ),
)

export function isInterfaceName(name: string): boolean {
  return /^[\w.@=,~-]{1,15}$/.test(name) && !/^(\.{1,2}|-.*)$/.test(name)
}

export const isMac = (text: string) =>
  /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text) && (Number.parseInt(text.slice(0, 2), 16) & 1) === 0

export const mac = v.pipe(v.string(), v.check(isMac, 'must be a unicast MAC address as 02:42:0a:16:00:02'))

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
