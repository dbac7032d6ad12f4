/** Text in boxes. Pure; a line is a string, a drawing a list of them. */

/** A box around lines; `title` stands in its top, each of `feet` is a column of the bottom from which a line leads down. */
export const box = (
  lines: readonly string[],
  {
    width = 0,
    title = '',
    feet = [],
    head,
  }: { width?: number; title?: string; feet?: readonly number[]; head?: number } = {},
): string[] => {
  const inner = Math.max(width - 4, title.length + 1, ...lines.map(line => line.length))
  const top = title ? ` ${title} `.padEnd(inner + 2, '─') : '─'.repeat(inner + 2)
  return [
    `┌${head === undefined ? top : pierced(top, [head], '┴')}┐`,
    ...lines.map(line => `│ ${line.padEnd(inner)} │`),
    `└${pierced('─'.repeat(inner + 2), feet, '┬')}┘`,
  ]
}

/** `at` counts from the left edge of the box, its corner included. */
const pierced = (edge: string, at: readonly number[], joint: string) =>
  [...edge].map((char, n) => (at.includes(n + 1) ? joint : char)).join('')

/** Blocks of lines next to each other, one column between. */
export const beside = (blocks: readonly (readonly string[])[]): string[] => {
  const widths = blocks.map(block => Math.max(0, ...block.map(line => line.length)))
  const height = Math.max(0, ...blocks.map(block => block.length))
  return Array.from({ length: height }, (_, row) =>
    blocks
      .map((block, n) => (block[row] ?? '').padEnd(widths[n]!))
      .join(' ')
      .trimEnd(),
  )
}

/** Words in lines of at most `width`, `gap` between; none is cut in two, but what is too long for any line. */
export const flow = (words: readonly string[], width: number, gap = '  '): string[] => {
  const lines: string[] = []
  for (const word of words.map(one => clip(one, width))) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + gap.length + word.length <= width)
      lines[lines.length - 1] = `${last}${gap}${word}`
    else lines.push(word)
  }
  return lines
}

export const clip = (text: string, width: number) =>
  text.length <= width ? text : `${text.slice(0, width - 1)}…`
