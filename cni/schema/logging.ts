/** Where it is written what was done. */

// biome-ignore lint/style/noRestrictedImports: one of the schemas
import * as v from 'valibot'

export const JOURNALD = 'journald'

/** Each has its own lines and those of all before it. */
export const levels = ['error', 'warn', 'info', 'debug'] as const
export type Level = (typeof levels)[number]

const LOG_FILE = /^(journald|\/[^\0]*[^/\0])$/
export const isLogFile = (text: string) => LOG_FILE.test(text)

export const logging = {
  logFile: v.optional(
    v.pipe(v.string(), v.regex(LOG_FILE, "must be the absolute path of a file, or 'journald'")),
  ),
  logLevel: v.optional(v.picklist(levels, `must be one of ${levels.join(', ')}`)),
}
