/** Answers from flags; what they do not say is asked on a terminal, and only there. */

import { createInterface } from 'node:readline'
import { CniError, codes } from '../../../cni/errors.ts'
import { type Answers, open, type Question } from './samples.ts'

/** @throws CniError(badConfig) that names every flag that is missing, where nobody can be asked */
export const answersOf = async (flags: Partial<Answers>): Promise<Answers> => {
  const given = Object.fromEntries(
    [...fields, 'bridge', 'gateway', 'mtu'].flatMap(field => {
      const value = flags[field as keyof Answers]
      return value === undefined ? [] : [[field, value]]
    }),
  )
  const answers = process.stdin.isTTY ? await asked(given) : given
  const missing = open(answers).filter(({ optional, field }) => !optional && field !== 'key')
  if (missing.length)
    throw new CniError(
      codes.badConfig,
      `missing: ${missing.map(({ field, asks }) => `--${field} (${asks})`).join(', ')}`,
      'give these flags, or call it on a terminal',
    )
  return answers as Answers
}

const fields: readonly (keyof Answers)[] = [
  'name',
  'mode',
  'subnet',
  'master',
  'vlanId',
  'vni',
  'group',
  'peers',
  'key',
]

const asked = async (given: Partial<Answers>): Promise<Partial<Answers>> => {
  if (!open(given).length) return given
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  // One stream of lines: what is typed ahead is for the next question.
  const lines = terminal[Symbol.asyncIterator]()
  let answers = given
  const passed = new Set<Question>()
  try {
    // The mode says what else is asked.
    for (;;) {
      const question = open(answers).find(one => !passed.has(one))
      if (!question) return answers
      passed.add(question)
      const { field, asks, otherwise } = question
      terminal.setPrompt(`${asks}${otherwise ? ` [${otherwise}]` : ''}: `)
      terminal.prompt()
      const { value, done } = await lines.next()
      // Ctrl-D: no more answers.
      if (done) return answers
      const text = value.trim() || otherwise
      if (text) answers = { ...answers, [field]: parsed(field, text) }
    }
  } finally {
    terminal.close()
  }
}

const parsed = (field: keyof Answers, text: string) => {
  if (field === 'subnet' || field === 'peers') return text.split(/[\s,]+/)
  return ['vlanId', 'vni', 'key'].includes(field) ? Number(text) : text
}
