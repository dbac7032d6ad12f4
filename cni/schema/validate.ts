/** Input against a schema; what does not fit becomes one CniError that names every field and value. */

// biome-ignore lint/style/noRestrictedImports: one of the schemas
import * as v from 'valibot'
import { CniError, codes } from '../errors.ts'
import { UNKNOWN } from './fields.ts'

/**
 * @param at the path of `input` in the configuration, for the message; empty for the whole
 * @param lenient let unknown fields pass, as the reference plugins do
 * @throws CniError(unsupportedField) for an unknown field, CniError(badConfig) for anything else
 */
export const validate = <Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
  at = '',
  lenient = false,
): v.InferOutput<Schema> => {
  const { issues, output, typed } = v.safeParse(schema, input)
  const wrong = (issues ?? []).filter(issue => !(lenient && isUnknown(issue)))
  if (!wrong.length && typed) return output
  const unknown = wrong.every(isUnknown)
  throw new CniError(
    unknown ? codes.unsupportedField : codes.badConfig,
    // One number may miss its range and be no whole one: that is said once.
    [...new Set(wrong.map(issue => complaint(issue, at)))].join('; '),
    'correct the configuration',
  )
}

const isUnknown = (issue: v.GenericIssue) => issue.message.startsWith(UNKNOWN)

const complaint = (issue: v.GenericIssue, at: string) => {
  const path = [
    at,
    ...(issue.path ?? []).map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)),
  ]
  const field = path.join('').replace(/^\./, '') || 'the configuration'
  if (issue.message.startsWith('Invalid key')) return `${field}: is missing`
  const own = issue.message.startsWith('Invalid') ? `must be ${expected(issue)}` : issue.message
  return `${field}: ${shown(issue.input, issue)} ${own}`
}

/** A field that is not there has no value to show. */
const shown = (value: unknown, issue: v.GenericIssue) => {
  const actual = issue.message.startsWith(UNKNOWN) ? issue.path?.at(-1)?.value : value
  if (actual === undefined) return 'is missing and'
  const text = JSON.stringify(actual) ?? String(actual)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

const words: Record<string, string> = {
  boolean: 'true or false',
  Array: 'a list',
  Object: 'an object',
  string: 'a string',
  number: 'a number',
}
const expected = ({ expected }: v.GenericIssue) => words[expected ?? ''] ?? expected ?? 'something else'
