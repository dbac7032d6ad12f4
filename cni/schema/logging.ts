/** Where it is written what was done. */

// biome-ignore lint/style/noRestrictedImports: one of the schemas
import * as v from 'valibot'

export const JOURNALD = 'journald'

/** Each has its own lines and those of all before it. */
export const levels = ['error', 'warn', 'info', 'debug'] as const
export type Level = (typeof levels)[number]

export const isLogFile = (text: string) => text === JOURNALD || /^\/[^\0]*[^/\0]$/.test(text)

export const logging = {
  logFile: v.optional(
    v.pipe(v.string(), v.check(isLogFile, "must be the absolute path of a file, or 'journald'")),
  ),
  logLevel: v.optional(v.picklist(levels, `must be one of ${levels.join(', ')}`)),
}
