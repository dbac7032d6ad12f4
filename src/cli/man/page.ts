/** The manual page, made of what yargs is told and of what validates a configuration. Pure. */

import { codes } from '../../../cni/errors.ts'
import { personalities } from '../../../cni/personality.ts'
import { supportedVersions } from '../../../cni/versions.ts'
import { type FieldRow, fieldTables } from '../reference/fields.ts'
import { type AnyCommand, type Recorded, recorded } from './recorded.ts'
import { paragraph, plain, section, subsection, term, typed, words } from './roff.ts'
import { environment, errors, files, seeAlso } from './words.ts'

/** @param date of the version, as 2026-11-20 */
export const page = (commands: readonly AnyCommand[], version: string, date: string): string =>
  `${[
    `.TH VETHWORK 8 "${date}" "vethwork ${version}" "System Administration"`,
    section('NAME', 'vethwork \\- container network plugin (CNI), and its command line'),
    section(
      'SYNOPSIS',
      '.B vethwork',
      '.I command',
      '.RI [ options ]',
      '.br',
      'CNI_COMMAND=... \\fBvethwork\\fR <\\fIconfiguration\\fR',
    ),
    section(
      'DESCRIPTION',
      words(
        'Container runtimes call vethwork by the environment variable `CNI_COMMAND`; without it, it is the command line described here. ' +
          'No daemon runs: all is read from marks in the kernel, from what ADD remembered and from leases.',
      ),
      paragraph(
        `It speaks the versions ${supportedVersions.join(', ')} of the Container Network Interface, and is what it is called: ` +
          `${Object.keys(personalities).join(', ')}.`,
      ),
    ),
    section('COMMANDS', ...commands.map(one => recorded(one)).flatMap(written)),
    section(
      'CONFIGURATION',
      words('Fields of a network; `vethwork conf schema` prints them for editors.'),
      ...fields(),
    ),
    section(
      'EXIT STATUS',
      term('0', 'done'),
      term('1', words('it could not be done, or an error was found')),
      term('2', words('it was not understood')),
    ),
    section(
      'ERRORS',
      words('Called by a runtime it exits with status 1 and says on stdout, as JSON, what was wrong:'),
      ...errorTerms(),
    ),
    section('ENVIRONMENT', ...Object.entries(environment).map(([name, text]) => term(name, words(text)))),
    section('FILES', ...Object.entries(files).map(([name, text]) => term(name, words(text)))),
    section('SEE ALSO', seeAlso.map(one => `.BR ${plain(one).replace(/(\(\d\))$/, ' $1')}`).join(' ,\n')),
  ].join('\n')}\n`

const written = ({ usage, describe, positionals, options, examples, commands }: Recorded): string[] => [
  // A command that only holds others has nothing to say itself.
  ...(commands.length
    ? []
    : [
        subsection(usage, words(`${describe[0]?.toUpperCase()}${describe.slice(1)}.`)),
        ...Object.entries(positionals).map(([name, one]) => term(name, told(one))),
        ...Object.entries(options).map(([name, one]) => term(flag(name, one), told(one))),
        ...examples.flatMap(([line, about]) => [
          ...(about ? [paragraph(`${about}:`)] : []),
          typed(line.replaceAll('$0', 'vethwork')),
        ]),
      ]),
  ...commands.flatMap(written),
]

const flag = (name: string, { alias, type, choices }: Recorded['options'][string]) => {
  const short = [alias ?? []].flat().map(one => `-${one}, `)
  const value = type === 'boolean' ? '' : type === 'number' ? ' N' : choices ? ' WHICH' : ' TEXT'
  return `${short.join('')}--${name}${value}`
}

const told = ({ describe, choices, default: otherwise }: Recorded['options'][string]) => {
  const more = [
    ...(choices ? [`one of ${choices.join(', ')}`] : []),
    ...(otherwise === undefined || otherwise === '' ? [] : [`default: ${otherwise}`]),
  ]
  const text = [describe || '', ...more.filter(one => !describe?.includes(one))].filter(Boolean).join('; ')
  return words(text || 'see above')
}

const fields = () =>
  fieldTables().map(({ title, rows }) =>
    subsection(title, ...rows.map(row => term(row.field, fieldWords(row)))),
  )

const fieldWords = ({ values, otherwise, words: text }: FieldRow) =>
  words(`${text} (${values}${otherwise ? `; without it: ${otherwise}` : ''})`).replace(
    'without it: required',
    'required',
  )

const errorTerms = () =>
  Object.entries(codes).map(([name, code]) => term(String(code), words(errors[name as keyof typeof codes])))
