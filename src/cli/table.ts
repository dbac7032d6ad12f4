/** Tables of at most 80 columns. Pure: a cell is a list of lines. */

import { clip } from './boxes.ts'

export type Cell = readonly string[]

const GAP = '  '
/** No column is made narrower than this. */
const NARROWEST = 6

/**
 * A column that is empty in all rows is left out; the widest ones give way until the table fits.
 * @param head what stands above each column
 */
export const table = (head: readonly Cell[], rows: readonly (readonly Cell[])[], width = 80): string => {
  const kept = head.flatMap((_, n) => (rows.some(row => row[n]!.some(Boolean)) ? [n] : []))
  const lines = [head, ...rows].map(row => kept.map(n => row[n]!))
  const natural = kept.map((_, n) => Math.max(...lines.map(row => longest(row[n]!))))
  const widths = fitted(natural, width - GAP.length * (kept.length - 1))
  return lines.flatMap(row => render(row, widths)).join('\n')
}

const longest = (cell: Cell) => Math.max(0, ...cell.map(line => line.length))

const fitted = (natural: readonly number[], room: number): number[] => {
  const widths = [...natural]
  for (let over = sum(widths) - room; over > 0; over--) {
    const widest = Math.max(...widths)
    if (widest <= NARROWEST) break
    widths[widths.lastIndexOf(widest)]!--
  }
  return widths
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0)

const render = (row: readonly Cell[], widths: readonly number[]): string[] => {
  const height = Math.max(1, ...row.map(cell => cell.length))
  return Array.from({ length: height }, (_, line) =>
    row
      .map((cell, n) => clip(cell[line] ?? '', widths[n]!).padEnd(widths[n]!))
      .join(GAP)
      .trimEnd(),
  )
}
