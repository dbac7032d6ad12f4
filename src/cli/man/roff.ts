/** Text in the language of man(7). Pure. */

import { flow } from '../boxes.ts'

/** Any text, as it is. */
export const plain = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('’', '\\(cq')
    .replaceAll('…', '...')
    .replaceAll('–', '\\(en')

/** Words in which `this` is to be bold, in lines that a page of source should have. */
export const words = (text: string): string =>
  flow(
    plain(text)
      .replace(/`([^`]*)`/g, '\\fB$1\\fR')
      .split(' '),
    78,
    ' ',
  )
    .map(quiet)
    .join('\n')

/** A line that begins so would be a command. */
const quiet = (line: string) => line.replace(/^[.']/, '\\&$&')

export const section = (title: string, ...body: string[]): string => [`.SH ${title}`, ...body].join('\n')

export const subsection = (title: string, ...body: string[]): string =>
  [`.SS "${plain(title).replaceAll('"', '\\(dq')}"`, ...body].join('\n')

/** A term, and what it is, indented below. */
export const term = (head: string, body: string): string => ['.TP', `\\fB${plain(head)}\\fR`, body].join('\n')

export const paragraph = (text: string): string => `.PP\n${words(text)}`

/** As it is typed. */
export const typed = (...lines: readonly string[]): string =>
  ['.PP', '.RS 4', '.nf', ...lines.map(plain).map(quiet), '.fi', '.RE'].join('\n')
