// The field reference as Markdown: what stands between the marks `<!-- fields TITLE -->` (`*`: all) and `<!-- end -->`.
import { type FieldTable, fieldTables } from '../../src/cli/reference/fields.ts'

const MARKED = /(<!-- fields (.+?) -->\n)[\s\S]*?(<!-- end -->)/g

/** The text with what the marks ask for between them. */
export const withFields = (text: string): string => {
  const tables = fieldTables()
  return text.replace(MARKED, (_, begin, title, end) => {
    const chosen = title === '*' ? tables : tables.filter(one => one.title === title)
    if (!chosen.length) throw new Error(`there is no table '${title}'`)
    const body = chosen.map(one => (title === '*' ? `## ${one.title}\n\n${table(one)}` : table(one)))
    return `${begin}\n${body.join('\n\n')}\n\n${end}`
  })
}

const table = ({ rows }: FieldTable) => {
  const cells = [
    ['field', 'values', 'without it', ''],
    ...rows.map(({ field, values, otherwise, words }) => [`\`${field}\``, values, otherwise || '–', words]),
  ].map(row => row.map(cell => cell.replaceAll('|', '\\|')))
  const widths = [0, 1, 2, 3].map(n => Math.max(3, ...cells.map(row => row[n]!.length)))
  const line = (row: readonly string[], fill = ' ') =>
    `| ${row.map((cell, n) => cell.padEnd(widths[n]!, fill)).join(' | ')} |`
  const [head = [], ...body] = cells
  return [line(head), line(['', '', '', ''], '-'), ...body.map(row => line(row))].join('\n')
}
