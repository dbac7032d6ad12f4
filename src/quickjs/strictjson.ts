/** What QuickJS reads as JSON though RFC 8259 has no such thing: the whole program refuses it, and says where. */

/** Whether a text is JSON for certain. In doubt, as where much is nested or escaped, it is not. */
export const isStrictJson = (text: string): boolean => {
  if (hasMany(text)) return false
  try {
    JSON.parse(text)
  } catch {
    return false
  }
  return !ESCAPES.test(text) && !NUMBERS.test(text.replace(STRINGS, '""'))
}

/** Brackets may lie as deep as there are many, and Bun has the larger stack; each escape is a way back for a RegExp. */
const hasMany = (text: string) => {
  const each = /[[{\\]/g
  for (let n = 0; n < MANY; n++) if (!each.test(text)) return false
  return true
}

const MANY = 2000

const STRINGS = /"[^"\\]*(?:\\.[^"\\]*)*"/g

/** Those of JavaScript alone; two backslashes before a letter are taken for one, which does no harm. */
const ESCAPES = /\\[^"\\/bfnrtu]|\\u(?![0-9a-fA-F]{4})/

/** `1.` and `01`. Not within strings: there they are addresses. */
const NUMBERS = /\d\.(?!\d)|(?:^|[\s:,[])-?0\d/
