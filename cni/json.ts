/** What JSON may hold, told apart. */

/** `{…}`, which `typeof` does not tell from a list or null. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
