// Tables of the documentation that are made of definitions: what stands between the marks `<!-- fields TITLE -->` (`*`: all)
// or `<!-- errors -->` and `<!-- end -->`.
import { codes } from '../../cni/errors.ts'
import { errors } from '../../src/cli/man/words.ts'
import { type FieldTable, fieldTables } from '../../src/cli/reference/fields.ts'

const MARKED = /(<!-- (fields|errors)(?: (.+?))? -->\n)[\s\S]*?(<!-- end -->)/g

/** The text with what the marks ask for between them. */
export const withTables = (text: string): string => {
  const tables = fieldTables()
  return text.replace(MARKED, (_, begin, what, title, end) => {
    if (what === 'errors') return `${begin}\n${errorTable()}\n\n${end}`
    const chosen = title === '*' ? tables : tables.filter(one => one.title === title)
    if (!chosen.length) throw new Error(`there is no table '${title}'`)
    const body = chosen.map(one => (title === '*' ? `## ${one.title}\n\n${table(one)}` : table(one)))
    return `${begin}\n${body.join('\n\n')}\n\n${end}`
  })
}

const table = ({ rows }: FieldTable) =>
  aligned([
    ['field', 'values', 'without it', ''],
    ...rows.map(({ field, values, otherwise, words }) => [`\`${field}\``, values, otherwise || '–', words]),
  ])

const errorTable = () =>
  aligned([
    ['code', ''],
    ...Object.entries(codes).map(([name, code]) => [String(code), errors[name as keyof typeof codes]]),
  ])

/** As the formatter would have it. @param rows the heading first */
const aligned = (rows: readonly (readonly string[])[]) => {
  const [head = [], ...body] = rows.map(row => row.map(cell => cell.replaceAll('|', '\\|')))
  const widths = head.map((_, n) => Math.max(3, ...[head, ...body].map(row => row[n]!.length)))
  const line = (row: readonly string[], fill = ' ') =>
    `| ${row.map((cell, n) => cell.padEnd(widths[n]!, fill)).join(' | ')} |`
  const rule = line(
    head.map(() => ''),
    '-',
  )
  return [line(head), rule, ...body.map(row => line(row))].join('\n')
}
